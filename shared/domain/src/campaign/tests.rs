use super::*;

#[test]
fn what_is_sent_gets_a_version_of_its_own_when_it_changes_and_nothing_else_does() {
    let standing = Campaign { version: 3, status: CampaignStatus::Paused, ..crate::fixtures::campaign() };
    let named = Campaign { name: "Another name".to_owned(), ..crate::fixtures::campaign() };
    let same = named.replacing(Some(&standing)).expect("it can be changed");
    assert_eq!((same.version, same.status, same.name.as_str()), (3, CampaignStatus::Paused, "Another name"));
    let mut changed = crate::fixtures::campaign();
    changed.messages[1] = changed.messages[1].clone().after_minutes(2_880);
    assert_eq!(changed.replacing(Some(&standing)).map(|changed| changed.version), Ok(4));
    assert_eq!(crate::fixtures::campaign().replacing(None).map(|new| new.version), Ok(1));
    let over = Campaign { status: CampaignStatus::Deactivated { at: chrono::DateTime::UNIX_EPOCH }, ..standing };
    assert_eq!(crate::fixtures::campaign().replacing(Some(&over)), Err(CampaignProblem::Over));
}

#[test]
fn what_a_form_becomes_by_itself_is_the_same_each_time_and_texts_nobody() {
    let form = |id: &str| FormId::parse(id).expect("an id");
    let found = Campaign::discovered(&form("2150000777"), Some(" Free\u{7} webinar "));
    assert_eq!(found, Campaign::discovered(&form("2150000777"), Some("Free webinar")));
    assert_eq!((found.id.as_str(), found.name.as_str()), ("form-2150000777", "Free webinar"));
    assert!(found.awaits_review() && found.problems().is_empty(), "{:?}", found.problems());
    assert_eq!(Campaign::discovered(&form("7"), None).name, "Form 7");
    let odd = [form("A_b.C"), form("a-b-c"), form(&"9".repeat(64)), form(&"8".repeat(64)), form("a_b.c")];
    let mut ids: Vec<_> = odd.iter().map(|form| Campaign::discovered(form, None).id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 5, "{ids:?}");
    let resumed = Campaign { status: CampaignStatus::Active, ..found.clone() };
    assert!(!resumed.awaits_review());
    let mut reviewed = found;
    reviewed.forms.clone_from(&crate::fixtures::campaign().forms);
    assert!(!reviewed.awaits_review());
}

#[test]
fn a_text_that_is_no_template_is_a_problem_at_its_place() {
    let mut campaign = crate::fixtures::campaign();
    campaign.messages[1].text = serde_json::from_value("Hi {first_name}".into()).ok();
    let problem = campaign.problems().pop().expect("a problem");
    assert_eq!((problem.pointer().as_str(), campaign.problems().len()), ("/messages/1/text", 1));
    assert!(problem.to_string().starts_with("step 2: `{first_name}` is a merge tag"), "{problem}");
}

#[test]
fn a_name_that_is_none_and_too_much_of_anything_are_problems() {
    let mut campaign = crate::fixtures::campaign();
    campaign.name = "\u{7}".to_owned();
    campaign.forms =
        (0..41).map(|n| FormRule { form: FormId::parse(&n.to_string()).expect("an id"), consent: None }).collect();
    let pointers: Vec<String> = campaign.problems().iter().map(CampaignProblem::pointer).collect();
    assert_eq!(pointers, ["/name", "/forms"]);
}

#[test]
fn a_step_that_is_not_active_is_passed_over() {
    let mut campaign = crate::fixtures::campaign();
    campaign.messages[0].active = false;
    let plan = campaign.plan();
    assert_eq!(plan.first().map(|step| step.step), Some(2));
    assert!(plan.is_first(2) && !plan.is_first(1));
    assert_eq!(plan.after(2), None);
}

#[test]
fn a_campaign_that_can_never_send_says_why() {
    let mut campaign = crate::fixtures::campaign();
    assert_eq!(campaign.problems(), []);
    campaign.messages[0] = campaign.messages[0].clone().after_minutes(200);
    campaign.messages[1].step = 1;
    assert_eq!(
        campaign.problems(),
        [CampaignProblem::StepOrder(1), CampaignProblem::NeverInTime { due: 200, latest: 180 }]
    );
    campaign.messages.clear();
    assert_eq!(campaign.problems(), [CampaignProblem::NoMessages]);
}

#[test]
fn what_is_further_away_than_anybody_means_is_no_campaign() {
    let mut campaign = crate::fixtures::campaign();
    campaign.messages[1] = campaign.messages[1].clone().after_minutes(u32::MAX);
    campaign.timing.latest_minutes = u32::MAX;
    assert_eq!(campaign.problems(), [CampaignProblem::TooFar(2), CampaignProblem::TimingTooFar]);
    let mut campaign = crate::fixtures::campaign();
    let far = serde_json::from_value(
        serde_json::json!({"at": "+262142-12-31T00:00:00Z", "link": "https://example.com/live"}),
    );
    campaign.webinar = Some(far.expect("a webinar"));
    assert_eq!(campaign.problems(), [CampaignProblem::WebinarEra]);
    let webinar = campaign.webinar.expect("there");
    assert_eq!(webinar.after(i32::MAX), webinar.at, "and no overflow");
}
