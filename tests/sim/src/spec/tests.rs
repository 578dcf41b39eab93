use super::*;

#[test]
fn a_world_is_its_seed_and_its_people_have_numbers_and_names_of_their_own() {
    let world = Spec::of(7, 3, Scale::default());
    let again = Spec::of(7, 3, Scale::default());
    assert_eq!(format!("{:?}", world.people), format!("{:?}", again.people));
    let distinct =
        |of: fn(&Person) -> &String| world.people.iter().map(of).collect::<std::collections::BTreeSet<_>>().len();
    assert_eq!(distinct(|person| &person.name), world.people.len());
    assert_eq!(distinct(|person| &person.phone), world.people.len());
    for campaign in world.clients.iter().flat_map(|client| &client.campaigns) {
        assert_eq!(campaign.problems(), []);
    }
}
