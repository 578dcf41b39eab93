"""What wakes the functions by the clock, and what tells the operator."""

from .reading import Problems, arn, at, of_type, properties

SCHEDULED = ("Scheduler", "Reporter")
NAMESPACES = {"QueueName": "AWS/SQS", "FunctionName": "AWS/Lambda", "ApiId": "AWS/ApiGateway"}


def schedules_are_bounded(template):
    """Both schedules have a zone, an exact time, a short life, and a place for what failed."""
    problems = Problems()
    schedules = of_type(template, "AWS::Scheduler::Schedule")
    found = {
        ".".join(at(schedule, "Target", "Arn")["Fn::GetAtt"]): schedule.get("ScheduleExpression")
        for schedule in schedules.values()
    }
    expected = {
        "SchedulerFunction.Arn": "cron(0/15 * * * ? *)",
        "ReporterFunction.Arn": "cron(0/30 * * * ? *)",
    }
    problems.equal(found, expected, "schedules")
    problems.equal(len(schedules), 2, "number of schedules")
    problems.equal(
        at(template, "Parameters", "ScheduleTimeZone", "Default"), "America/New_York", "default zone"
    )
    for name, schedule in schedules.items():
        zone = schedule.get("ScheduleExpressionTimezone")
        problems.equal(zone, {"Ref": "ScheduleTimeZone"}, f"{name} zone")
        problems.equal(schedule.get("FlexibleTimeWindow"), {"Mode": "OFF"}, f"{name} time window")
        problems.want(schedule.get("State", "ENABLED") == "ENABLED", f"{name} is disabled")
        target = schedule["Target"]
        retry = {"MaximumEventAgeInSeconds": 600, "MaximumRetryAttempts": 2}
        problems.equal(target.get("RetryPolicy"), retry, f"{name} retry policy")
        letters = {"Arn": arn("ScheduleDeadLetters")}
        problems.equal(target.get("DeadLetterConfig"), letters, f"{name} dead letters")
        problems.equal(target.get("RoleArn"), arn("ScheduleRole"), f"{name} role")
    rules = of_type(template, "AWS::Events::Rule")
    problems.equal(rules, {}, "EventBridge rules (UTC only)")
    return problems


def asynchronous_runs_are_bounded(template):
    """Once Lambda has taken a scheduled event, its own retries end soon and a failure is kept."""
    problems = Problems()
    expected = {
        name: {
            "FunctionName": {"Ref": f"{name}Function"},
            "Qualifier": "$LATEST",
            "MaximumEventAgeInSeconds": 600,
            "MaximumRetryAttempts": 2,
            "DestinationConfig": {"OnFailure": {"Destination": arn("ScheduleDeadLetters")}},
        }
        for name in SCHEDULED
    }
    found = {
        config["FunctionName"]["Ref"].removesuffix("Function"): config
        for config in of_type(template, "AWS::Lambda::EventInvokeConfig").values()
    }
    problems.equal(found, expected, "asynchronous invocation")
    return problems


def alarms_reach_the_operator(template):
    """Each failure has its alarm, each heartbeat breaks on silence, and all of them send a mail."""
    problems = Problems()
    # (metric, dimension, seconds looked at, reading, missing data)
    waiting = "ApproximateNumberOfMessagesVisible"
    expected = {
        (waiting, "QueueName TextDeadLetters.QueueName", 300, "> 0", "notBreaching"),
        (waiting, "QueueName ScheduleDeadLetters.QueueName", 300, "> 0", "notBreaching"),
        ("Invocations", "FunctionName SchedulerFunction", 2700, "< 1", "breaching"),
        ("Invocations", "FunctionName ReporterFunction", 7200, "< 1", "breaching"),
        ("Errors", "FunctionName SenderFunction", 300, ">= 1", "notBreaching"),
        ("5xx", "ApiId Api", 300, ">= 1", "notBreaching"),
    }
    signs = {
        "GreaterThanThreshold": ">",
        "GreaterThanOrEqualToThreshold": ">=",
        "LessThanThreshold": "<",
    }
    found = set()
    for name, alarm in of_type(template, "AWS::CloudWatch::Alarm").items():
        (dimension,) = alarm["Dimensions"]
        value = dimension["Value"]
        subject = ".".join(value["Fn::GetAtt"]) if "Fn::GetAtt" in value else value["Ref"]
        sign = signs.get(alarm["ComparisonOperator"])
        kind = NAMESPACES.get(dimension["Name"])
        problems.equal(alarm["Namespace"], kind, f"{name} namespace")
        found.add(
            (
                alarm["MetricName"],
                f"{dimension['Name']} {subject}",
                alarm["Period"] * alarm["EvaluationPeriods"],
                f"{sign} {alarm['Threshold']}",
                alarm.get("TreatMissingData"),
            )
        )
        for actions in ("AlarmActions", "OKActions"):
            problems.equal(alarm.get(actions), [{"Ref": "AlarmTopic"}], f"{name} {actions}")
        problems.want(alarm.get("ActionsEnabled", True) is True, f"{name} is mute")
        statistic = "Maximum" if alarm["MetricName"] == waiting else "Sum"
        problems.equal(alarm.get("Statistic"), statistic, f"{name} statistic")
    problems.want(not expected - found, f"missing alarms: {sorted(expected - found, key=str)}")
    problems.want(not found - expected, f"other alarms: {sorted(found - expected, key=str)}")
    subscription = [{"Protocol": "email", "Endpoint": {"Ref": "OperatorEmail"}}]
    problems.equal(properties(template, "AlarmTopic").get("Subscription"), subscription, "subscription")
    return problems


def mail_identity_is_made_on_request(template):
    """The SES identity exists only if it is asked for: it may exist already."""
    problems = Problems()
    identities = of_type(template, "AWS::SES::EmailIdentity")
    expected = {"MailIdentity": {"EmailIdentity": {"Ref": "MailFrom"}}}
    problems.equal(identities, expected, "identities")
    condition = at(template["Resources"], "MailIdentity", "Condition")
    problems.equal(condition, "CreatesMailIdentity", "condition")
    default = at(template, "Parameters", "CreateMailIdentity", "Default")
    problems.equal(default, "false", "default")
    return problems
