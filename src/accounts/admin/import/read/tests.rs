use super::*;

fn row(fields: &[(Field, &str)]) -> Row {
    let mut row = Row { number: 1, ..Row::default() };
    for (field, text) in fields {
        row.fields[*field as usize] = Some((*text).to_owned());
    }
    row
}

#[test]
fn moments_are_read_as_databases_print_them() {
    let expected = Some(Timestamp::from_millis(1_704_164_645_678));
    for text in [
        "2024-01-02T03:04:05.678Z",
        "2024-01-02 03:04:05.678",
        "2024-01-02 03:04:05.678+00",
        "2024-01-02 03:04:05.678000+00:00",
        "2024-01-02 08:34:05.678+0530",
        "2024-01-01T19:04:05.678-08:00",
        "1704164645.678",
    ] {
        assert_eq!(moment(&row(&[(Field::CreatedAt, text)]), Field::CreatedAt), Ok(expected), "{text}");
    }
    for text in ["yesterday", "2024-13-01", "2024-01-02 25:00:00", "02/01/2024", "-1", "NaN", "1e300", "é-é é:é+é:é"]
    {
        let wrong = Err(Broken::Time(Field::CreatedAt));
        assert_eq!(moment(&row(&[(Field::CreatedAt, text)]), Field::CreatedAt), wrong, "{text}");
    }
    assert_eq!(moment(&row(&[(Field::CreatedAt, " ")]), Field::CreatedAt), Ok(None));
}

#[test]
fn a_name_is_made_to_fit() {
    let long = "ä".repeat(150);
    for (fields, name, changed) in [
        (vec![(Field::FirstName, "Ann"), (Field::LastName, "Lee")], "Ann Lee", false),
        (vec![(Field::Name, "Ann"), (Field::LastName, "Lee")], "Ann", false),
        (vec![(Field::LastName, "Lee")], "Lee", false),
        (vec![], "", false),
        (vec![(Field::Name, "A\nB\u{202E}C")], "ABC", true),
        (vec![(Field::Name, long.as_str())], &long[..200], true),
    ] {
        assert_eq!(name_of(&row(&fields)), (name.to_owned(), changed));
    }
}

#[test]
fn an_account_is_not_older_than_now_nor_open_where_it_was_closed() {
    let now = Timestamp::from_seconds(1_700_000_000);
    let read = |fields: &[(Field, &str)]| {
        let fields = [&[(Field::Email, "ann@example.com")], fields].concat();
        let (newcomer, _) =
            Candidate::read(&row(&fields), &Terms::default(), now).unwrap().into_newcomer(&Terms::default()).unwrap();
        newcomer.user
    };
    assert_eq!(read(&[(Field::CreatedAt, "2999-01-01")]).created_at, now);
    assert_eq!(read(&[(Field::Active, "f")]).locked_at, Some(now));
    assert_eq!(read(&[(Field::Active, "t")]).locked_at, None);
    let locked = read(&[(Field::Active, "f"), (Field::LockedAt, "2020-01-01")]).locked_at;
    assert_eq!(locked, Timestamp::parse("2020-01-01"));
    assert_eq!(read(&[(Field::Id, "17")]).id.as_str().len(), 32);
    assert_eq!(read(&[(Field::Id, &"a1".repeat(16))]).id.as_str(), "a1".repeat(16));
}
