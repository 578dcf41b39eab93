"""Who may do what, written out in full: a new permission is an edit here too."""

import json
import re

from .reading import FUNCTIONS, Problems, arn, at, listed, of_type, properties, spelled, statements

TABLE_ACTIONS = (
    "dynamodb:GetItem",
    "dynamodb:BatchGetItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:Query",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "dynamodb:ConditionCheckItem",
)
SECRETS = (
    "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${SecretsPrefix}/*"
)
MAIL = "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/*"
FROM_OURS = json.dumps({"StringEquals": {"ses:FromAddress": {"Ref": "MailFrom"}}})


# What strangers post to may not write settings, and so no API key.
NOT_SETTINGS = json.dumps({"ForAllValues:StringNotLike": {"dynamodb:LeadingKeys": ["S#*", "CLIENTS"]}})
TABLE_READS = ("dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query")


def _grants(name, *extra):
    logs = [(action, f"{name}Logs.Arn", "") for action in ("logs:CreateLogStream", "logs:PutLogEvents")]
    writes = NOT_SETTINGS if name == "Webhook" else ""
    table = [(action, "Table.Arn", "" if action in TABLE_READS else writes) for action in TABLE_ACTIONS]
    return {*logs, *table, ("ses:SendEmail", MAIL, FROM_OURS), *extra}


_INDEXES = [("dynamodb:Query", "${Table.Arn}/index/" + index, "") for index in ("due", "day")]
_DAY = _INDEXES[1]
_ATTENTION = ("dynamodb:Query", "${Table.Arn}/index/attention", "")
_SECRETS = [("secretsmanager:GetSecretValue", SECRETS, "")]
_FAILED_RUNS = [("sqs:SendMessage", "ScheduleDeadLetters.Arn", "")]

# (action, resource, condition) of every role there is. The two resources that end in * are all
# secrets under our prefix, and all mail identities of the account with our sender as condition.
GRANTS = {
    "WebhookRole": _grants(
        "Webhook", *_SECRETS, _DAY, ("sqs:SendMessage", "TextQueue.Arn", "")
    ),
    "ConsoleRole": _grants("Console", *_INDEXES, ("sqs:SendMessage", "TextQueue.Arn", "")),
    "SchedulerRole": _grants(
        "Scheduler", *_INDEXES, _ATTENTION, *_FAILED_RUNS, ("sqs:SendMessage", "TextQueue.Arn", "")
    ),
    "SenderRole": _grants(
        "Sender",
        *_SECRETS,
        ("sqs:ReceiveMessage", "TextQueue.Arn", ""),
        ("sqs:DeleteMessage", "TextQueue.Arn", ""),
        ("sqs:GetQueueAttributes", "TextQueue.Arn", ""),
        ("sqs:ChangeMessageVisibility", "TextQueue.Arn", ""),
    ),
    "ReporterRole": _grants("Reporter", *_SECRETS, *_INDEXES, _ATTENTION, *_FAILED_RUNS),
    "ScheduleRole": {
        ("lambda:InvokeFunction", "SchedulerFunction.Arn", ""),
        ("lambda:InvokeFunction", "ReporterFunction.Arn", ""),
        *_FAILED_RUNS,
    },
}


def roles_grant_what_is_listed(template):
    """Every role grants exactly what GRANTS lists, and there is no other way to a permission."""
    problems = Problems()
    roles = of_type(template, "AWS::IAM::Role")
    problems.equal(set(roles), set(GRANTS), "roles")
    others = {
        name
        for name, resource in template["Resources"].items()
        if resource["Type"].startswith("AWS::IAM::") and resource["Type"] != "AWS::IAM::Role"
    }
    problems.equal(others, set(), "other IAM resources")
    for name, role in roles.items():
        problems.want(not role.get("ManagedPolicyArns"), f"{name} has managed policies")
        found = set()
        for statement in statements(role):
            problems.equal(statement.get("Effect"), "Allow", f"{name} effect")
            inverse = {"NotAction", "NotResource", "NotPrincipal"} & set(statement)
            problems.want(not inverse, f"{name} uses {inverse}")
            condition = json.dumps(statement["Condition"]) if "Condition" in statement else ""
            found |= {
                (action, spelled(resource), condition)
                for action in listed(statement.get("Action", []))
                for resource in listed(statement.get("Resource", []))
            }
        surplus, missing = found - GRANTS.get(name, set()), GRANTS.get(name, set()) - found
        problems.want(not surplus, f"{name} grants too much: {sorted(surplus)}")
        problems.want(not missing, f"{name} lacks: {sorted(missing)}")
    for name in FUNCTIONS:
        found = properties(template, f"{name}Function").get("Role")
        problems.equal(found, arn(f"{name}Role"), f"role of {name}")
    return problems


def roles_have_no_wildcards(template):
    """No wildcard action and no resource "*", whatever GRANTS says."""
    problems = Problems()
    for name, role in of_type(template, "AWS::IAM::Role").items():
        for statement in statements(role):
            for action in listed(statement.get("Action", [])):
                problems.want("*" not in action and "?" not in action, f"{name}: action {action}")
            for resource in map(spelled, listed(statement.get("Resource", []))):
                problems.want(resource != "*", f"{name}: resource *")
                allowed = "*" not in resource or resource in (SECRETS, MAIL)
                problems.want(allowed, f"{name}: resource {resource}")
    return problems


def roles_are_assumed_by_one_service(template):
    """Functions by Lambda; schedules by EventBridge Scheduler, for this account only."""
    problems = Problems()
    for name, role in of_type(template, "AWS::IAM::Role").items():
        expected = {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        if name == "ScheduleRole":
            expected["Principal"] = {"Service": "scheduler.amazonaws.com"}
            expected["Condition"] = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
        found = listed(at(role, "AssumeRolePolicyDocument", "Statement"))
        problems.equal(found, [expected], f"{name} trust")
    return problems


def prefix_and_sender_take_no_wildcard(template):
    """Parameters that end up in a policy cannot widen it, and only two have no default."""
    problems = Problems()
    parameters = template.get("Parameters", {})
    needed = {name for name, parameter in parameters.items() if "Default" not in parameter}
    problems.equal(needed, {"OperatorEmail", "MailFrom"}, "parameters without default")
    refused = {
        "SecretsPrefix": ("", "*", "lead*", "leadline/", "a?", "${x}"),
        "MailFrom": ("", "*@example.com", "Leadline <a@example.com>", "a@*.com"),
        "PublicUrl": ("http://example.com", "https://example.com/", "https://example.com/a?b"),
    }
    taken = {
        "SecretsPrefix": ("leadline", "prod/leadline"),
        "MailFrom": ("reports@example.com",),
        "PublicUrl": ("", "https://hooks.example.com", "https://example.com/leads"),
    }
    for name, values in refused.items():
        pattern = parameters.get(name, {}).get("AllowedPattern", ".*")
        for value in values:
            problems.want(not re.fullmatch(pattern, value), f"{name} takes {value!r}")
        for value in taken[name]:
            problems.want(re.fullmatch(pattern, value), f"{name} refuses {value!r}")
    return problems
