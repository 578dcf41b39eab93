//! Templates as they are written, and as other tools write them.

use super::*;

fn pat(field: &Field) -> Option<String> {
    match field {
        Field::FirstName => Some("Pat".into()),
        Field::Form(name) if name == "custom_1" => Some("coaching".into()),
        _ => None,
    }
}

#[test]
fn a_placeholder_takes_the_value_or_else_the_fallback() {
    let template = Template::parse("Hi {{ first_name | there }}, {{custom_1}}? {{last_name|friend}}").expect("valid");
    assert_eq!(template.render(pat).expect("rendered"), "Hi Pat, coaching? friend");
    assert_eq!(template.render(|_| None), Err(CannotRender::NoValue("custom_1".into())));
}

#[test]
fn an_empty_value_counts_as_none() {
    let template = Template::parse("Hi {{first_name|there}}!").expect("valid");
    assert_eq!(template.render(|_| Some("  ".into())).expect("rendered"), "Hi there!");
}

#[test]
fn what_is_no_template_says_where_and_why() {
    assert_eq!(Template::parse("Hé {{first_name"), Err(InvalidTemplate::Unclosed(4)));
    assert_eq!(Template::parse("Hi {{name_of_dog}}"), Err(InvalidTemplate::Unknown("name_of_dog".into())));
    assert_eq!(Template::parse(" \n"), Err(InvalidTemplate::Empty));
    assert_eq!(Template::parse(&"a".repeat(1_601)), Err(InvalidTemplate::TooLong(1_601)));
}

#[test]
fn a_text_of_1600_characters_goes_and_one_more_does_not() {
    let template = Template::parse(&format!("{}{{{{first_name}}}}", "a".repeat(1_597))).expect("valid");
    assert_eq!(template.render(|_| Some("Pat".into())).map(|text| text.chars().count()), Ok(1_600));
    assert_eq!(template.render(|_| Some("Paty".into())), Err(CannotRender::TooLong(1_601)));
}

#[test]
fn a_value_is_never_read_as_a_template() {
    let template = Template::parse("Hi {{first_name}}").expect("valid");
    assert_eq!(template.render(|_| Some("{{last_name}}".into())).expect("rendered"), "Hi {{last_name}}");
}

fn refused(text: &str) -> String {
    Template::parse(text).expect_err(text).to_string()
}

#[test]
fn a_placeholder_that_is_not_closed_is_an_error_wherever_its_braces_end_up() {
    assert_eq!(
        Template::parse("{{first_name|there}, it's {{business_name}}."),
        Err(InvalidTemplate::Brace(19)),
        "the next placeholder's braces close it"
    );
    for (text, at) in [
        ("Hi {{first_name|there}}}, ok", 24),
        ("Hi {first_name|there}}, ok", 4),
        ("Hi }} there", 4),
        ("Hi {first name, {{first_name}}", 4),
        ("Hi {{first_name|{there}}}", 17),
        ("Hi é {", 6),
    ] {
        match Template::parse(text) {
            Err(InvalidTemplate::Brace(found)) => assert_eq!(found, at, "{text}"),
            Err(InvalidTemplate::ForeignTag { .. }) => {}
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn a_merge_tag_of_another_tool_is_an_error_that_says_what_to_write() {
    for (tag, instead) in [
        ("{first_name}", "write {{first_name|there}}"),
        ("[First Name]", "write {{first_name|there}}"),
        ("[Name]", "write {{first_name|there}}"),
        ("[INSERT NAME]", "write {{first_name|there}}"),
        ("%FIRST%", "write {{first_name|there}}"),
        ("%FIRSTNAME%", "write {{first_name|there}}"),
        ("%first_name%", "write {{first_name|there}}"),
        ("%%first_name%%", "write {{first_name|there}}"),
        ("*|FNAME|*", "write {{first_name|there}}"),
        ("*|LNAME|*", "write {{last_name|…}}, with what to say if there is none"),
        ("*|MMERGE7|*", "leave it out"),
        ("${first_name}", "write {{first_name|there}}"),
        ("#{first_name}", "write {{first_name|there}}"),
        ("<%= first_name %>", "write {{first_name|there}}"),
        ("<%= lead.first_name %>", "write {{first_name|there}}"),
        ("<first name>", "write {{first_name|there}}"),
        ("\u{ab}First Name\u{bb}", "write {{first_name|there}}"),
        ("{{ contact.first_name }}", "write {{first_name|there}}"),
        ("{{contact.firstname}}", "write {{first_name|there}}"),
        ("{{ First Name }}", "write {{first_name|there}}"),
        ("{{ first_name or 'friend' }}", "write {{first_name|there}}"),
        ("{{ person.first_name|default:'friend' }}", "write {{first_name|friend}}"),
        ("{{ first_name|default:'friend' }}", "write {{first_name|friend}}"),
        ("{{ first_name | default: \"friend\" }}", "write {{first_name|friend}}"),
        ("{{ first_name | capitalize | default: 'friend' }}", "write {{first_name|friend}}"),
        ("{{ first_name | upcase }}", "write {{first_name|there}}"),
        ("{{first_name|\"there\"}}", "write {{first_name|there}}"),
        ("{{first_name|fallback=friend}}", "write {{first_name|friend}}"),
        ("[[first_name]]", "write {{first_name|there}}"),
        ("{!Contact.FirstName}", "write {{first_name|there}}"),
        ("~Contact.FirstName~", "write {{first_name|there}}"),
        ("##FirstName##", "write {{first_name|there}}"),
        ("#first_name#", "write {{first_name|there}}"),
        ("__first_name__", "write {{first_name|there}}"),
        ("[NAME HERE]", "write {{first_name|there}}"),
        ("[insert name here]", "write {{first_name|there}}"),
        ("[FIRST]", "write {{first_name|there}}"),
        ("$first_name", "write {{first_name|there}}"),
        ("[Your Company]", "write {{business_name}}"),
        ("[Booking Link]", "write {{booking_link}}"),
        ("{link}", "write {{booking_link}}"),
        ("%EMAIL%", "leave it out"),
        ("[Phone Number]", "leave it out"),
        ("{{first_name|[First Name]}}", "write {{first_name|there}}"),
    ] {
        let said = refused(&format!("Hi {tag}, it's Sam."));
        assert!(said.contains("is a merge tag of another tool") && said.contains(instead), "{tag}: {said}");
    }
}

#[test]
fn brackets_and_percent_signs_of_plain_text_are_no_tags() {
    for text in [
        "See [link] and [1]",
        "50% off, 100% yours",
        "Take 20% off first orders and 30% off last ones",
        "[Free] seats, [see our name below]",
        "Seats < 5 > 3, A & B",
        "#1 coach, #first #last",
        "Mon | Tue | Wed",
        "$20 or $30, name your price",
        "call ~ 5 pm ~ today",
        "(name) and (email) are kept",
        "2 * 3 | 4",
        "Hi {{first_name|there}} [ok] 5% {{custom_1|default}}",
    ] {
        let text = text.replace("|default}}", "|yours}}");
        assert_eq!(Template::parse(&text).map(|template| template.source().to_owned()), Ok(text));
    }
}

#[test]
fn a_text_that_was_stored_before_it_was_known_to_be_wrong_is_read_and_never_rendered() {
    for text in ["{{first_name|there}, it's {{business_name}}.", "Hi *|FNAME|*", "Hi {{first_name|default:'friend'}}"] {
        let stored: Template = serde_json::from_value(text.into()).expect("a stored text is read");
        assert_eq!(serde_json::to_value(&stored).expect("json"), text);
        let fault = stored.fault().expect(text).clone();
        assert_eq!(stored.render(|_| Some("Pat".into())), Err(CannotRender::Invalid(fault.clone())));
        assert_eq!(Template::parse(text), Err(fault));
    }
}

#[test]
fn a_finished_text_holds_no_tag_of_any_tool() {
    for text in ["Hi {{first_name}}", "Hi {first_name}", "Hi [First Name]", "Hi }} there"] {
        assert!(finished(text).is_err(), "{text}");
    }
    for text in ["Hi Pat {smile}", "see [link], 50% off", ":-}"] {
        assert_eq!(finished(text), Ok(()), "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn no_rendered_text_holds_braces_of_its_template(
        pieces in proptest::collection::vec(
            proptest::sample::select(vec![
                "{{", "}}", "{", "}", "|", "first_name", "business_name", " ", "Hi", "there", "*|", "|*", "[", "]", "%",
                "{{first_name|there}}", "{{business_name}}", "custom_1", "default:'x'", "é", "<%=", "%>", "FNAME",
            ]),
            1..12,
        )
    ) {
        let source = pieces.concat();
        let value = |field: &Field| (*field != Field::FirstName).then(|| "Sam".to_owned());
        if let Ok(template) = serde_json::from_value::<Template>(source.clone().into())
            && let Ok(text) = template.render(value)
        {
            proptest::prop_assert!(!text.contains(['{', '}']), "{source:?} became {text:?}");
            proptest::prop_assert!(Template::parse(&source).is_ok());
        }
    }
}
