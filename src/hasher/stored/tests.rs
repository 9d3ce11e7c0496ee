use super::*;

const PASSWORD: &str = "plum-harbor-vélvet";

/// Hashes of that password, made by the programs themselves.
const HASHES: [&str; 21] = [
    // Django 5.2.
    // In two parts, or it would look like a secret of ours.
    concat!("pbkdf2_sha256$1000$seasalt0$/kgFup3R/vBg4xb6bAkjRN", "Wh2heuD+CxrRaVBUGScII="),
    "pbkdf2_sha1$1000$seasalt22$3rdSP4OdcAmkeSCE2YqMo+xArcQ=",
    "argon2$argon2id$v=19$m=256,t=1,p=2$c2Vhc2FsdHNlYXNhbHQyMg$p7W8MP839nJMvszHRKCY4fZpb4FUEemmucRbUzaCeQE",
    "bcrypt_sha256$$2b$04$oxGOIHtvjVFWLJ9FlCA0kucs/6kX3.PODghr7k7Srigi7U3cu83rC",
    "bcrypt$$2b$04$JtyqvnjG5CGKVc72oBufhe7liHFpbsQ8NgNncKgCZyL6MQZk9Wi8q",
    "scrypt$1024$seasalt$8$5$PlNqCqTIorzGSA09xOxQcN5YyDE4pnmYOTpPpJt6qPLxyLElf9RpuJ0J/zu2IIRkT2+NbDAF6C74ADDL0mAN+w==",
    // Werkzeug 3.1.
    "pbkdf2:sha256:1000$OymjrO8kZyBwnGDR$c8b20a3521a27be796da65cd0d36e23b5958b947be20f0c931b7d333bb5a4727",
    "scrypt:1024:8:1$gMGo9jFKDc6nZR9a$b2a2b73f79b115bf1c854562cdac140b8dc49011749446e2b94c69fb296a5b9fdd1e88fa2b1ea7425d90bd9103ed345f97be004b1cdf4b663ce07f6efeed9bda",
    "pbkdf2:sha512:1000$UDzp6WcL3ltUgh9B$3d510df8f93f87dd776831e4698ddca6c1c250454517b565d15cdbca65883392ad991accd6424c3a7fe4277fb14b2f05bcf5b67ff49a7e0d606c29e0ebec6e5e",
    // passlib 1.7.
    "$pbkdf2-sha256$1000$IgQgxPgfIyREqBWCkLJWig$nseqt6lB8ABy5OXKCvVBaHW31MGjc0ewgPBaRAHKIP0",
    "$pbkdf2-sha512$1000$XovxPidEiLG2trY2xljLGQ$Cq8dW.1susjKesKPGOAJoDN2WrfwFL7qr5zA4CdMVJv2MvlP1fKsE5XsHm1C2CH2rgJqxVEHYO28Tv4zGtkCjg",
    "$pbkdf2$1000$U2qt1VprTUmpdU5pbW0NwQ$mAXw8w4/wFV6nCB10i/NSfqkwkA",
    "$scrypt$ln=10,r=8,p=1$IqS0do7xXqt1LmWM0ZrTmg$IdVOX0pVUL3Ig+Ri4SIwK8FpQO2dUe6GxyYIbNYGejA",
    // bcrypt 5.0, and the same as PHP names it.
    "$2b$04$5Jl148wqySK7gPFf.OM4p.5VZ.Uo5X6KsmCWVAl4DtBMJOQAPAGdW",
    "$2a$04$S4xxb8UQkkVi4cQxuPa1IOJyP3.oJ5X5VI/njQPB.7eaCisxUfyJe",
    "$2y$04$5Jl148wqySK7gPFf.OM4p.5VZ.Uo5X6KsmCWVAl4DtBMJOQAPAGdW",
    // argon2-cffi 25.1.
    "$argon2i$v=19$m=256,t=1,p=1$/PA2XZe9GdbmTSyeepgn2w$V0cDl8T9Of/YHBkqNVHUvzCGMK5ur3lcpLsCua5S6nQ",
    "$argon2d$v=19$m=256,t=1,p=1$ebtO7JVf7fOH49hiDx39zA$65zNjWcCKvC94d9RrExtvY7IYuQFLGeekqHtlyIrQ8E",
    "$argon2id$v=19$m=256,t=1,p=1$9nTGErmXNwIEL6DdQy2JkA$bAlXoUgVZFK6rjg33vhISMREqdqEFtVq2Mjeui2Ht4g",
    "$argon2id$v=19$m=19456,t=2,p=1$Pcx7YFph8VSWHSC9lwRt6w$V7I4njbAcR/MCRqVUJ37amiSM3+hyWSo5p3eML3QUNA",
    // The PHC string of the tenth.
    "$pbkdf2-sha256$i=1000,l=32$IgQgxPgfIyREqBWCkLJWig$nseqt6lB8ABy5OXKCvVBaHW31MGjc0ewgPBaRAHKIP0",
];

fn is_of(text: &str, password: &str) -> bool {
    StoredHash::foreign(text).unwrap().is_of(password.as_bytes(), &mut Vec::new()).unwrap()
}

/// Whether it is taken, and for the hash of that password.
fn is_kept(text: &str) -> bool {
    let is_right = |hash: StoredHash| hash.is_of(PASSWORD.as_bytes(), &mut Vec::new()).unwrap();
    StoredHash::foreign(text).is_ok_and(is_right)
}

fn refusal(text: &str) -> Option<HashRefusal> {
    StoredHash::foreign(text).err()
}

#[test]
fn every_format_knows_its_password_and_no_other() {
    for text in HASHES {
        assert!(is_of(text, PASSWORD), "{text}");
        for wrong in ["", "plum-harbor-velvet", "plum-harbor-vélvet ", "plum-harbor-ve\u{301}lvet"] {
            assert!(!is_of(text, wrong), "{text}: {wrong:?}");
        }
    }
}

#[test]
fn a_hash_that_was_changed_or_cut_anywhere_is_refused_or_another() {
    for text in HASHES {
        for end in 0..text.len() {
            // The length is part of what Argon2 computes; of all others a cut tag would match.
            assert!(!is_kept(&text[..end]), "{}", &text[..end]);
        }
        for place in 0..text.len() {
            let mut changed = text.as_bytes().to_vec();
            changed[place] = if changed[place] == b'x' { b'z' } else { b'x' };
            let changed = String::from_utf8(changed).unwrap();
            // What bcrypt leaves over of its last characters says nothing.
            assert!(changed == text || !is_kept(&changed) || changed.contains("$2"), "{changed}");
        }
        for longer in [format!("{text}x"), format!("{text}$"), format!("{text}\n"), format!(" {text}")] {
            assert!(!is_kept(&longer), "{longer}");
        }
    }
}

#[test]
fn bcrypt_cuts_a_password_after_72_bytes_as_it_always_did() {
    let text = "$2b$04$ceuFa7lEv1LjbGzMHHonOeKlU0cLMlg.y/IbUbTL.YsdH3HC.2Nsm";
    assert!(is_of(text, &"x".repeat(80)) && is_of(text, &"x".repeat(72)) && !is_of(text, &"x".repeat(71)));
}

#[test]
fn what_is_no_hash_is_told_from_what_is_a_spoiled_one() {
    for text in [
        "",
        "plum-harbor-velvet-signal",
        "pa$$word",
        "md5$salt$d41d8cd98f00b204e9800998ecf8427e",
        "sha1$salt$da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "$1$salt$hash",
        "$2x$04$5Jl148wqySK7gPFf.OM4p.5VZ.Uo5X6KsmCWVAl4DtBMJOQAPAGdW",
        "pbkdf2:md5:1000$salt$d41d8cd98f00b204e9800998ecf8427e",
        "!unusable$",
    ] {
        assert_eq!(refusal(text), Some(HashRefusal::Unknown), "{text}");
    }
    let tag = "nseqt6lB8ABy5OXKCvVBaHW31MGjc0ewgPBaRAHKIP0";
    for text in [
        &format!("pbkdf2_sha256$0$salt${tag}="),
        &format!("pbkdf2_sha256$+9$salt${tag}="),
        &format!("pbkdf2_sha256$9$${tag}="),
        "pbkdf2_sha256$9$salt$/kgFup3R/vBg",
        &format!("pbkdf2_sha256$99999999999$salt${tag}="),
        "scrypt:1000:8:1$salt$b2a2b73f79b115bf1c854562cdac140b8dc49011749446e2b94c69fb296a5b9f",
        "scrypt:1024:0:1$salt$b2a2b73f79b115bf1c854562cdac140b8dc49011749446e2b94c69fb296a5b9f",
        "$2b$03$5Jl148wqySK7gPFf.OM4p.5VZ.Uo5X6KsmCWVAl4DtBMJOQAPAGdW",
        "$2b$04$5Jl148wqySK7gPFf.OM4p.5VZ.Uo5X6KsmCWVAl4DtBMJOQAPAGd!",
        "$argon2id$v=18$m=256,t=1,p=1$9nTGErmXNwIEL6DdQy2JkA$bAlXoUgVZFK6rjg33vhISMREqdqEFtVq2Mjeui2Ht4g",
        "$argon2id$v=19$m=256,t=1$9nTGErmXNwIEL6DdQy2JkA$bAlXoUgVZFK6rjg33vhISMREqdqEFtVq2Mjeui2Ht4g",
        "$pbkdf2-sha256$i=1000,l=31$IgQgxPgfIyREqBWCkLJWig$nseqt6lB8ABy5OXKCvVBaHW31MGjc0ewgPBaRAHKIP0",
    ] {
        assert_eq!(refusal(text), Some(HashRefusal::Broken), "{text}");
    }
}

#[test]
fn a_hash_that_would_stop_the_server_is_refused() {
    let tag = "nseqt6lB8ABy5OXKCvVBaHW31MGjc0ewgPBaRAHKIP0";
    let salt = "IgQgxPgfIyREqBWCkLJWig";
    for (most, more) in [
        (format!("pbkdf2_sha256$5000000$salt${tag}="), format!("pbkdf2_sha256$5000001$salt${tag}=")),
        (format!("$scrypt$ln=18,r=8,p=1${salt}${tag}"), format!("$scrypt$ln=19,r=8,p=1${salt}${tag}")),
        (format!("$scrypt$ln=15,r=8,p=8${salt}${tag}"), format!("$scrypt$ln=15,r=8,p=9${salt}${tag}")),
        (
            format!("$argon2id$v=19$m=262144,t=4,p=1${salt}${tag}"),
            format!("$argon2id$v=19$m=262145,t=1,p=1${salt}${tag}"),
        ),
        (
            format!("$argon2i$v=19$m=65536,t=16,p=1${salt}${tag}"),
            format!("$argon2i$v=19$m=65536,t=17,p=1${salt}${tag}"),
        ),
        (
            "$2b$16$5Jl148wqySK7gPFf.OM4p.5VZ.Uo5X6KsmCWVAl4DtBMJOQAPAGdW".into(),
            "$2b$17$5Jl148wqySK7gPFf.OM4p.5VZ.Uo5X6KsmCWVAl4DtBMJOQAPAGdW".into(),
        ),
    ] {
        assert_eq!((refusal(&most), refusal(&more)), (None, Some(HashRefusal::TooCostly)), "{more}");
    }
    for text in [
        format!("$scrypt$ln=31,r=4294967295,p=1${salt}${tag}"),
        format!("$scrypt$ln=64,r=8,p=1${salt}${tag}"),
        format!("scrypt:2147483648:1073741823:1$salt${}", "ab".repeat(32)),
        format!("scrypt:1024:8:720901525$salt${}", "ab".repeat(64)),
        format!("$argon2id$v=19$m=4294967295,t=4294967295,p=1${salt}${tag}"),
        format!("pbkdf2_sha256$4294967295$salt${tag}="),
    ] {
        assert!(refusal(&text).is_some(), "{text}");
    }
}

#[test]
fn our_own_may_cost_what_the_settings_allow() {
    let own = |m: u32| {
        format!("$argon2id$v=19$m={m},t=3,p=1$IgQgxPgfIyREqBWCkLJWig$nseqt6lB8ABy5OXKCvVBaHW31MGjc0ewgPBaRAHKIP0")
    };
    assert!(StoredHash::read(&own(1 << 20)).is_ok() && StoredHash::read(&own((1 << 20) + 1)).is_err());
    assert!(StoredHash::foreign(&own(1 << 20)).is_err());
}
