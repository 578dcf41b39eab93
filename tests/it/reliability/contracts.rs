//! Every store keeps the same contract. Another implementation is one more module, with a function
//! that gives a fresh and empty store.

mod memory {
    use leadline_standins::memory::MemoryStore;

    async fn fresh() -> MemoryStore {
        MemoryStore::new()
    }

    leadline_tests::store_contract!(super::fresh);
}

mod dynamodb {
    use leadline::aws::dynamodb::DynamoStore;
    use leadline_standins::dynamo;

    async fn fresh() -> DynamoStore {
        let dynamo = dynamo::embedded(|| 1_767_225_600).expect("the embedded DynamoDB starts");
        dynamo::create_table(&dynamo.client(), "leadline").await.expect("a table");
        DynamoStore::new(dynamo.client(), "leadline")
    }

    leadline_tests::store_contract!(super::fresh);
}

#[tokio::test]
async fn both_ledgers_remember_erasures() {
    use leadline::aws::dynamodb::DynamoErasures;
    use leadline_standins::{dynamo, memory::MemoryStore};
    use leadline_tests::contract::erasures::erasures_are_listed_by_client_since_a_moment_and_the_last_one_of_a_lead_counts as check;

    check(&MemoryStore::new()).await;
    let client = dynamo::embedded(|| 1_767_225_600).expect("the embedded DynamoDB starts").client();
    dynamo::create_erasures_table(&client, "erasures").await.expect("a table");
    check(&DynamoErasures::new(client, "erasures")).await;
}

/// A check that nobody runs is no check.
#[test]
fn every_check_is_in_the_list_of_rules() {
    let list: Vec<_> = include_str!("../src/contract.rs").split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let groups = [
        include_str!("../src/contract/budget.rs"),
        include_str!("../src/contract/due.rs"),
        include_str!("../src/contract/events.rs"),
        include_str!("../src/contract/journal.rs"),
        include_str!("../src/contract/leads.rs"),
        include_str!("../src/contract/numbers.rs"),
        include_str!("../src/contract/once.rs"),
        include_str!("../src/contract/refusals.rs"),
        include_str!("../src/contract/requests.rs"),
        include_str!("../src/contract/revisions.rs"),
        include_str!("../src/contract/settings.rs"),
    ];
    let checks = groups.iter().flat_map(|group| group.lines()).filter_map(|line| {
        line.strip_prefix("pub async fn ").and_then(|rest| rest.split_once('(')).map(|(name, _)| name)
    });
    let forgotten: Vec<_> = checks.filter(|name| !list.contains(name)).collect();
    assert_eq!(forgotten, [""; 0], "not in `store_contract!`");
}
