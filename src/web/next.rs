//! Where to go after a sign-in: our own paths only.

/// The longest path that is remembered.
const MAX_LENGTH: usize = 1024;

/// Where sign-ins lead without a wish.
pub const HOME: &str = "/dashboard";

/// `wish`, if it is a path of this site as browsers read it; else [`HOME`].
///
/// Refused: other hosts (`//evil.test`, also with backslashes, which browsers take for slashes), schemes, control characters.
pub fn own_path(wish: Option<&str>) -> &str {
    wish.filter(|wish| is_own(wish)).unwrap_or(HOME)
}

fn is_own(wish: &str) -> bool {
    let plain = wish.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    let own = plain && wish.starts_with('/') && !wish.starts_with("//");
    own && wish.len() <= MAX_LENGTH && rocket::http::uri::Reference::parse(wish).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_paths_are_followed() {
        for own in ["/dashboard", "/account?tab=1#x", "/a/b%20c", "/"] {
            assert_eq!(own_path(Some(own)), own);
        }
        for foreign in [
            "",
            "dashboard",
            "//evil.test",
            "/\\evil.test",
            "\\\\evil.test",
            "https://evil.test",
            "javascript:alert(1)",
            "/\tevil",
            "/\r\nSet-Cookie: a=b",
            " /x",
            "data:text/html,x",
            "/é",
        ] {
            assert_eq!(own_path(Some(foreign)), HOME, "{foreign:?}");
        }
        assert_eq!(own_path(Some(&format!("/{}", "a".repeat(MAX_LENGTH)))), HOME);
    }
}
