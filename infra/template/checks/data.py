"""What keeps leads and texts: the table, the queues, and how the sender takes from them."""

from .reading import Problems, arn, at, of_type, properties


def table_survives(template):
    """The tables cannot be deleted by accident, can be restored, and are encrypted."""
    problems = Problems()
    tables = ("Table", "ErasuresTable")
    problems.equal(set(of_type(template, "AWS::DynamoDB::Table")), set(tables), "tables")
    for name in tables:
        resource, table = template["Resources"].get(name, {}), properties(template, name)
        problems.equal(resource.get("DeletionPolicy"), "Retain", f"{name} DeletionPolicy")
        problems.equal(resource.get("UpdateReplacePolicy"), "Retain", f"{name} UpdateReplacePolicy")
        problems.equal(table.get("DeletionProtectionEnabled"), True, f"{name} deletion protection")
        recovery = at(table, "PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled")
        problems.equal(recovery, True, f"{name} point-in-time recovery")
        problems.equal(at(table, "SSESpecification", "SSEEnabled"), True, f"{name} encryption")
        problems.equal(table.get("BillingMode"), "PAY_PER_REQUEST", f"{name} billing mode")
    return problems


def erasures_are_kept(template):
    """What was erased is remembered for good, and by keys alone."""
    problems = Problems()
    table = properties(template, "ErasuresTable")
    keys = [(key["AttributeName"], key["KeyType"]) for key in table.get("KeySchema", [])]
    problems.equal(keys, [("pk", "HASH"), ("sk", "RANGE")], "key")
    problems.want("TimeToLiveSpecification" not in table, "erasures are forgotten after a time")
    problems.want("GlobalSecondaryIndexes" not in table, "an index of erasures")
    return problems


def table_has_its_keys(template):
    """Keys, indexes and the TTL attribute are those the code writes."""
    problems = Problems()
    table = properties(template, "Table")

    def keys(schema):
        return [(key["AttributeName"], key["KeyType"]) for key in schema or []]

    def pair(prefix):
        return [(f"{prefix}pk", "HASH"), (f"{prefix}sk", "RANGE")]

    problems.equal(keys(table.get("KeySchema")), pair(""), "key")
    indexes = {
        index["IndexName"]: (keys(index["KeySchema"]), index["Projection"])
        for index in table.get("GlobalSecondaryIndexes", [])
    }
    expected = {
        "due": (pair("due_"), {"ProjectionType": "KEYS_ONLY"}),
        "attention": (pair("att_"), {"ProjectionType": "KEYS_ONLY"}),
        "day": (pair("day_"), {"ProjectionType": "ALL"}),
    }
    problems.equal(indexes, expected, "indexes")
    attributes = {a["AttributeName"]: a["AttributeType"] for a in table.get("AttributeDefinitions", [])}
    names = ("pk", "sk", "due_pk", "due_sk", "att_pk", "att_sk", "day_pk", "day_sk")
    problems.equal(attributes, dict.fromkeys(names, "S"), "attributes")
    ttl = {"AttributeName": "ttl", "Enabled": True}
    problems.equal(table.get("TimeToLiveSpecification"), ttl, "time to live")
    return problems


def queues_keep_texts(template):
    """Given-up texts land in a dead-letter queue that outlives the source; all is encrypted."""
    problems = Problems()
    queues = of_type(template, "AWS::SQS::Queue")
    expected = {"TextQueue", "TextDeadLetters", "ScheduleDeadLetters"}
    problems.equal(set(queues), expected, "queues")
    redrive = {"deadLetterTargetArn": arn("TextDeadLetters"), "maxReceiveCount": 30}
    problems.equal(at(queues, "TextQueue", "RedrivePolicy"), redrive, "redrive policy")
    retention = {name: queue.get("MessageRetentionPeriod") for name, queue in queues.items()}
    days = {"TextQueue": 4, "TextDeadLetters": 14, "ScheduleDeadLetters": 14}
    problems.equal(retention, {name: n * 86_400 for name, n in days.items()}, "retention")
    for name, queue in queues.items():
        problems.equal(queue.get("SqsManagedSseEnabled"), True, f"{name} encryption")
        problems.want("FifoQueue" not in queue, f"{name} is no standard queue")
    return problems


def visibility_covers_the_sender(template):
    """A text under way is not handed out again while the sender may still be at it."""
    problems = Problems()
    visibility = properties(template, "TextQueue").get("VisibilityTimeout", 30)
    timeout = properties(template, "SenderFunction").get("Timeout", 3)
    problems.want(visibility >= 6 * timeout, f"visibility {visibility} s < 6 x timeout {timeout} s")
    return problems


def sender_reports_each_record(template):
    """One mapping feeds the sender; it settles records singly and is bounded."""
    problems = Problems()
    mappings = list(of_type(template, "AWS::Lambda::EventSourceMapping").values())
    problems.equal(len(mappings), 1, "event source mappings")
    for mapping in mappings:
        problems.equal(mapping.get("EventSourceArn"), arn("TextQueue"), "source")
        problems.equal(mapping.get("FunctionName"), {"Ref": "SenderFunction"}, "target")
        reported = mapping.get("FunctionResponseTypes")
        problems.equal(reported, ["ReportBatchItemFailures"], "response types")
        problems.equal(mapping.get("BatchSize"), 10, "batch size")
        problems.equal(mapping.get("ScalingConfig"), {"MaximumConcurrency": 10}, "concurrency")
        # A filter would delete what does not match; a disabled mapping sends nothing.
        problems.want("FilterCriteria" not in mapping, "the mapping filters messages")
        problems.want(mapping.get("Enabled", True) is True, "the mapping is disabled")
    return problems
