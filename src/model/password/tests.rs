use super::*;

const RELATED: [&str; 4] =
    ["Nightlatch", "login.acme-widgets.example", "ann.smithers@mailhost.example", "Annabel Smithers"];

fn refusal(raw: &str) -> Option<PasswordRefusal> {
    Password::parse(raw, 15, &RELATED).err()
}

fn short_refusal(raw: &str) -> Option<PasswordRefusal> {
    Password::parse(raw, 8, &RELATED).err()
}

#[test]
fn a_password_is_counted_in_code_points_after_normalisation() {
    let decomposed = "e\u{301}a\u{308}o\u{302}u\u{300}i\u{308}n\u{303}c\u{327}y";
    assert_eq!(decomposed.chars().count(), 15);
    assert_eq!(refusal(decomposed), Some(PasswordRefusal::TooShort { missing: 7 }));
    let password = Password::parse(decomposed, 8, &[]).unwrap();
    assert_eq!(password.as_bytes(), "éäôùïñçy".as_bytes());
    assert_eq!(Password::given(decomposed).unwrap().as_bytes(), password.as_bytes());
}

#[test]
fn a_password_too_short_says_how_many_are_missing() {
    assert_eq!(refusal(""), Some(PasswordRefusal::TooShort { missing: 15 }));
    assert_eq!(refusal("plum kettle ow"), Some(PasswordRefusal::TooShort { missing: 1 }));
    assert_eq!(refusal("plum kettle owl"), None);
}

#[test]
fn a_password_may_have_256_code_points_and_1024_bytes() {
    let longest: String = ('\u{20000}'..).step_by(7).take(256).collect();
    assert_eq!(longest.len(), 1024);
    assert_eq!(refusal(&longest), None);
    assert_eq!(refusal(&format!("{longest}x")), Some(PasswordRefusal::TooLong));
    for raw in ["x y z ".repeat(43), "e\u{301}".repeat(257), "x".repeat(1_000_000)] {
        assert_eq!(refusal(&raw), Some(PasswordRefusal::TooLong));
        assert_eq!(Password::given(&raw).err(), Some(PasswordRefusal::TooLong));
    }
}

#[test]
fn the_longest_password_may_come_decomposed() {
    let composed: String = ('\u{1f80}'..='\u{1faf}').chain(('가'..).step_by(29)).take(256).collect();
    let decomposed: String = composed.nfd().collect();
    assert_eq!(Password::parse(&decomposed, 15, &[]).unwrap().as_bytes(), composed.as_bytes());
}

#[test]
fn spaces_symbols_and_any_script_are_kept_as_they_are() {
    for raw in [
        "  plum  kettle  owl  ",
        "~`!#^*(){}[]|\\:\";'<>?,./",
        "крыша утюг сова луна",
        "屋根時計雲猫海空火水木金土日月花",
        "🦉🔑🌧️🍋🚲🧶🎻🪵🐚🧂🪁🎲🧭🪴🥁",
    ] {
        assert_eq!(Password::parse(raw, 15, &RELATED).unwrap().as_bytes(), raw.as_bytes());
    }
}

#[test]
fn control_characters_are_refused_and_of_a_given_password_nul_alone() {
    for raw in
        ["plum kettle\0owl moon", "plum kettle\towl moon", "plum kettle owl moon\n", "plum kettle owl \u{85}moon"]
    {
        assert_eq!(refusal(raw), Some(PasswordRefusal::InvalidCharacter));
        assert_eq!(Password::given(raw).is_err(), raw.contains('\0'));
    }
}

#[test]
fn a_given_password_may_be_empty_or_weak() {
    for raw in ["", "password", "aaaa"] {
        assert_eq!(Password::given(raw).unwrap().as_bytes(), raw.as_bytes());
    }
}

#[test]
fn listed_passwords_are_refused_whatever_their_case_and_spacing() {
    for raw in [
        "Manchester United",
        "polniypizdec0211",
        "CorrectHorseBatteryStaple",
        "correct-horse-battery-staple",
        "This is my password!",
        "responsibilities",
        "first-past-the-post",
    ] {
        assert_eq!(refusal(raw), Some(PasswordRefusal::Common), "{raw}");
    }
    for raw in ["password", "Trustno1", "P@ssw0rd", "butterfly", "p a s s w o r d"] {
        assert_eq!(short_refusal(raw), Some(PasswordRefusal::Common), "{raw}");
    }
}

#[test]
fn a_listed_password_stays_common_when_repeated_or_given_a_run_or_a_date() {
    for raw in [
        "passwordpassword",
        "password password",
        "Password1!Password1!",
        "password12345678",
        "12345678password!",
        "property12345678",
        "sunshine20242024",
        "31.12.1999 butterfly",
        "qwertyuiop-butterfly",
        "butterfly!!!!!!!!!!!!",
    ] {
        assert_eq!(refusal(raw), Some(PasswordRefusal::Common), "{raw}");
    }
}

#[test]
fn two_of_the_most_used_passwords_are_as_common_as_one() {
    for raw in ["sunshineprincess", "ILoveYou Superman", "dragon-butterfly-99", "manchestercookies"] {
        assert_eq!(refusal(raw), Some(PasswordRefusal::Common), "{raw}");
    }
}

#[test]
fn repeats_and_runs_are_refused() {
    for raw in [
        "aaaaaaaaaaaaaaa",
        "abcabcabcabcabca",
        "hunter2hunter2hunter2",
        "jane-jane-jane-jane",
        "!?!?!?!?!?!?!?!?",
        "🦉🔑🦉🔑🦉🔑🦉🔑🦉🔑🦉🔑🦉🔑🦉",
        "123456789012345",
        "987654321098765",
        "abcdefghijklmno",
        "zyxwvutsrqponmlk",
        "абвгдежзийклмно",
        "qwertyuiopasdfgh",
        "poiuytrewqlkjhgf",
        "йцукенгшщзфывапр",
        "1qaz2wsx3edc4rfv",
        "1q2w3e4r5t6y7u8i",
        "112233445566778899",
        "aaaabbbbccccdddd1234",
        "!@#$%^&*()_+!@#$",
        "147258369147258369",
        "jane1234567890123",
        "xxxxxxxxxxxxxxjane",
        "1234567jane7654321",
        "                 x",
    ] {
        assert_eq!(refusal(raw), Some(PasswordRefusal::Repetitive), "{raw}");
    }
}

#[test]
fn names_of_the_person_and_the_site_are_refused_even_with_a_little_more() {
    for raw in [
        "ann.smithers@mailhost.example",
        "AnnSmithers12345",
        "Annabel Smithers",
        "smithers.annabel!",
        "nightlatchnightlatch",
        "Nightlatch password",
        "nightlatch19901231",
        "nightlatch!!!!!!!",
        "login.acme-widgets.example",
        "acme widgets 2024",
        "acme-widgets-login",
    ] {
        assert_eq!(refusal(raw), Some(PasswordRefusal::Related), "{raw}");
    }
    for raw in ["Smithers", "mailhost1", "NightLatch2024"] {
        assert_eq!(short_refusal(raw), Some(PasswordRefusal::Related), "{raw}");
    }
    let decomposed = ["Zoe\u{308} Sa\u{308}ngerin"];
    assert_eq!(Password::parse("zoë sängerin 12345", 15, &decomposed).err(), Some(PasswordRefusal::Related));
}

#[test]
fn real_passphrases_pass() {
    for raw in [
        "plum kettle owl moon",
        "plumkettleowlmoon",
        "correct-horse-battery-kettle",
        "a night latch closes by itself",
        "Smithers feeds forty geese",
        "tick tock goes my kettle 123",
        "correct-plum-12345678901234567890",
        "cats cats cats and more cats",
        "7Jq#vR2!mZp9@Lw4",
        "3141592653589793238",
        "zebra 4071 lamp",
        "qwerty is no good, kettles are",
        "wo die zitronen blühn im juli",
        "first worst burst thirst",
        "xyzzy opens the second drawer",
        "password~%^{}:>|#",
        "nightlatch~%^{}:>|#",
        "🦉🔑🌧️🍋🚲🧶🎻 password",
    ] {
        assert_eq!(refusal(raw), None, "{raw}");
    }
    for raw in ["k3ttle!owl", "Rosie-1234", "9fQ#zLw2"] {
        assert_eq!(short_refusal(raw), None, "{raw}");
    }
}

#[test]
fn a_short_or_empty_name_refuses_nothing() {
    assert!(Password::parse("ann planning annual", 15, &["Ann", "", "@", "a@b.co"]).is_ok());
}

#[test]
fn debug_shows_nothing_of_a_password() {
    assert_eq!(format!("{:?}", Password::given("plum kettle owl").unwrap()), "Password(..)");
}
