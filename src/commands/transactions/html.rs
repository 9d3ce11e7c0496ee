//! HTML as text, with the cells and lines of its tables apart.
use mail_parser::decoders::html::html_to_text;

/// Elements that end a line.
const LINES: [&str; 14] =
    ["tr", "div", "li", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "section", "title", "dd"];

/// Stands between two cells: a space that the decoder keeps, and that parts no groups of digits.
const CELL: char = '\u{2003}';

/// The text of `html`. The decoder knows `br` and `p`; mail about money is made of tables.
pub fn text_of(html: &str) -> String {
    let mut apart = String::with_capacity(html.len() + html.len() / 8);
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        apart.push_str(before);
        let end = tag.find('>').map_or(tag.len(), |end| end + 1);
        let (tag, after) = tag.split_at(end);
        apart.push_str(tag);
        let name = tag.trim_start_matches(['<', '/']).split(|c: char| !c.is_ascii_alphanumeric()).next();
        let name = name.unwrap_or_default().to_ascii_lowercase();
        if LINES.contains(&name.as_str()) {
            apart.push_str("<br>");
        } else if ["td", "th", "dt"].contains(&name.as_str()) {
            apart.push(CELL);
        }
        rest = after;
    }
    apart.push_str(rest);
    html_to_text(&apart)
}
