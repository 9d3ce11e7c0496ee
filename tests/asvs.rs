//! OWASP ASVS 5.0: every requirement that applies here is in docs/asvs.csv once, and what is said to show it is there.
use std::{collections::BTreeMap, fs, path::Path};

/// What applies of version 5.0.0 of the standard, by level.
const APPLICABLE: [&str; 3] = [
    "1.2.1 1.2.2 1.2.3 1.2.4 1.2.5 1.3.2 2.1.1 2.2.1 2.2.2 2.3.1 3.2.1 3.2.2 3.3.1 3.4.1 3.4.2 3.5.1 3.5.2 \
        3.5.3 4.1.1 6.1.1 6.2.1 6.2.2 6.2.3 6.2.4 6.2.5 6.2.6 6.2.7 6.2.8 6.3.1 6.3.2 6.4.1 6.4.2 7.2.1 7.2.2 \
        7.2.3 7.2.4 7.4.1 7.4.2 8.1.1 8.2.1 8.2.2 8.3.1 9.1.1 9.1.2 9.1.3 9.2.1 10.4.5 11.3.1 11.3.2 11.4.1 \
        12.1.1 12.2.1 12.2.2 13.4.1 14.2.1 14.3.1 15.1.1 15.2.1 15.3.1",
    "1.1.1 1.1.2 1.3.3 1.3.7 1.3.11 1.4.1 1.4.2 1.4.3 1.5.2 2.1.2 2.1.3 2.2.3 2.3.2 2.3.3 2.3.4 2.4.1 3.3.2 \
        3.3.3 3.3.4 3.4.3 3.4.4 3.4.5 3.4.6 3.5.4 3.7.1 3.7.2 4.1.2 4.1.3 4.2.1 6.1.2 6.1.3 6.2.9 6.2.10 6.2.11 \
        6.2.12 6.3.3 6.3.4 6.4.3 6.5.1 6.5.2 6.5.3 6.5.4 6.5.5 6.6.2 6.6.3 7.1.1 7.1.2 7.3.1 7.3.2 7.4.3 7.4.4 \
        7.4.5 7.5.1 7.5.2 8.1.2 8.2.3 9.2.2 9.2.3 9.2.4 10.1.1 10.3.1 10.3.2 10.3.3 10.3.4 10.4.8 10.4.9 11.1.1 \
        11.1.2 11.2.1 11.2.2 11.2.3 11.3.3 11.4.2 11.4.3 11.5.1 11.6.1 12.1.2 12.3.1 12.3.2 12.3.3 12.3.4 13.1.1 \
        13.2.1 13.2.2 13.2.3 13.2.4 13.2.5 13.3.1 13.3.2 13.4.2 13.4.3 13.4.4 13.4.5 14.1.1 14.1.2 14.2.2 14.2.3 \
        14.2.4 14.3.2 14.3.3 15.1.2 15.1.3 15.2.2 15.2.3 15.3.2 15.3.3 15.3.4 15.3.5 15.3.6 15.3.7 16.1.1 16.2.1 \
        16.2.2 16.2.3 16.2.4 16.2.5 16.3.1 16.3.2 16.3.3 16.3.4 16.4.1 16.4.2 16.4.3 16.5.1 16.5.2 16.5.3",
    "1.3.12 1.5.3 3.1.1 3.2.3 3.3.5 3.4.7 3.4.8 3.5.6 3.5.7 3.5.8 3.6.1 3.7.5 4.1.4 4.2.2 4.2.3 4.2.4 4.2.5 \
        6.3.5 6.3.6 6.3.7 6.3.8 6.4.6 7.5.3 8.1.3 8.1.4 8.3.2 8.4.2 11.1.3 11.1.4 11.2.4 11.2.5 11.3.4 11.5.2 \
        11.7.2 12.3.5 13.1.2 13.1.3 13.1.4 13.2.6 13.3.4 13.4.6 13.4.7 14.2.5 14.2.6 14.2.7 15.1.4 15.1.5 15.2.4 \
        15.2.5 15.4.1 15.4.2 15.4.3 15.4.4 16.5.4",
];

/// A row of docs/asvs.csv.
#[derive(Clone)]
struct Row {
    id: String,
    level: usize,
    check: String,
    met: String,
    shown_by: String,
    why_not: String,
}

fn rows() -> Vec<Row> {
    let mut reader = csv::Reader::from_path(root().join("docs/asvs.csv")).unwrap();
    let columns = ["id", "level", "requirement", "check", "met", "shown_by", "why_not"];
    assert_eq!(reader.headers().unwrap(), &columns[..]);
    let row = |record: csv::StringRecord| {
        let text = |column: usize| record[column].to_owned();
        let level = record[1].parse().unwrap();
        Row { id: text(0), level, check: text(3), met: text(4), shown_by: text(5), why_not: text(6) }
    };
    reader.records().map(|record| row(record.unwrap())).collect()
}

/// What is wrong with the list.
fn faults(rows: &[Row]) -> Vec<String> {
    let mut left: BTreeMap<&str, usize> =
        (1..).zip(APPLICABLE).flat_map(|(level, ids)| ids.split(' ').map(move |id| (id, level))).collect();
    let mut faults = Vec::new();
    for row in rows {
        if left.remove(&*row.id) != Some(row.level) {
            faults.push(format!("{}: doubled, of another level, or none that applies", row.id));
        }
        faults.extend(row.shown().filter_map(fault).map(|fault| format!("{}: {fault}", row.id)));
        let shows = row.shown().next().is_some();
        let whole = match &*row.met {
            "yes" => shows && row.why_not.is_empty(),
            "no" => !row.why_not.is_empty() && !row.why_not.contains('\n'),
            _ => false,
        };
        if !whole || row.check.is_empty() {
            faults.push(format!("{}: `yes` with something that shows it, or `no` with the reason in one line", row.id));
        }
    }
    faults.extend(left.into_keys().map(|id| format!("{id}: missing")));
    faults
}

impl Row {
    fn shown(&self) -> impl Iterator<Item = &str> {
        self.shown_by.split("; ").filter(|evidence| !evidence.is_empty())
    }
}

/// Why `evidence` is none: `./test step`, `file`, `file::name in it` or `file#Heading`.
fn fault(evidence: &str) -> Option<String> {
    if let Some(step) = evidence.strip_prefix("./test ") {
        let steps = fs::read_to_string(root().join("test")).unwrap();
        let known = steps.lines().any(|line| line.split_once(' ').is_some_and(|(name, _)| name == step));
        return (!known).then(|| format!("./test has no step {step}"));
    }
    let (file, name) = match (evidence.split_once("::"), evidence.split_once('#')) {
        (Some((file, name)), _) => (file, Wanted::Name(name)),
        (None, Some((file, heading))) => (file, Wanted::Heading(heading)),
        (None, None) => (evidence, Wanted::Nothing),
    };
    let Ok(text) = fs::read_to_string(root().join(file)) else { return Some(format!("there is no file {file}")) };
    let found = match name {
        Wanted::Nothing => true,
        Wanted::Name(name) if file.starts_with("tests/") => text.contains(&format!("fn {name}(")),
        Wanted::Name(name) => text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name),
        Wanted::Heading(heading) => {
            text.lines().any(|line| line.starts_with('#') && line.trim_start_matches('#').trim() == heading)
        }
    };
    (!found).then(|| format!("{file} has none of {evidence}"))
}

enum Wanted<'e> {
    Nothing,
    Name(&'e str),
    Heading(&'e str),
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_requirement_is_there_once_and_what_shows_it_exists() {
    let rows = rows();
    assert_eq!(faults(&rows), Vec::<String>::new());
    for level in 1..=3 {
        let of_level = || rows.iter().filter(|row| row.level == level);
        let met = of_level().filter(|row| row.met == "yes").count();
        let total = of_level().count();
        println!("ASVS level {level}: {met} met, {} not met, {total} in all", total - met);
    }
}

#[test]
fn a_row_that_shows_nothing_is_noticed() {
    let rows = rows();
    let met = rows.iter().position(|row| row.met == "yes").unwrap();
    let not_met = rows.iter().position(|row| row.met == "no").unwrap();
    let noticed = |place: usize, change: fn(&mut Row)| {
        let mut changed = rows.clone();
        change(&mut changed[place]);
        assert!(!faults(&changed).is_empty());
    };
    for shown_by in [
        "",
        "tests/asvs.rs::a_story_that_nobody_wrote",
        "tests/nowhere.rs::a_story",
        "src/jwt.rs::NoSuchThing",
        "README.md#No Such Heading",
        "./test nothing",
        "docs/NOWHERE.md",
    ] {
        let mut changed = rows.clone();
        changed[met].shown_by = shown_by.into();
        assert_eq!(faults(&changed).len(), 1, "{shown_by}");
    }
    noticed(met, |row| row.met = "perhaps".into());
    noticed(met, |row| row.level = 4);
    noticed(met, |row| row.id = "0.0.0".into());
    noticed(not_met, |row| row.why_not.clear());
    let doubled = [&rows[..], &rows[..1]].concat();
    assert_eq!((faults(&rows[1..]).len(), faults(&doubled).len()), (1, 1));
}
