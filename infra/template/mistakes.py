"""Mistakes to plant in the SAM template, each with the check that has to notice it.

They are made before expansion, where a person would make them.
"""

from checks import api, data, functions, operation, permissions


def _put(value, *path):
    """A mistake: this value at this path under Resources."""

    def plant(template):
        place = template["Resources"]
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value

    return plant


def _drop(*path):
    """A mistake: what stands at this path under Resources is gone."""

    def plant(template):
        place = template["Resources"]
        for key in path[:-1]:
            place = place[key]
        del place[path[-1]]

    return plant


def _grant(role, **statement):
    """A mistake: one more statement in a role."""

    def plant(template):
        policy = template["Resources"][role]["Properties"]["Policies"][0]
        policy["PolicyDocument"]["Statement"].append({"Effect": "Allow", **statement})

    return plant


def _widen(role, sid, **changes):
    """A mistake: one statement of a role is changed."""

    def plant(template):
        policy = template["Resources"][role]["Properties"]["Policies"][0]
        (statement,) = [s for s in policy["PolicyDocument"]["Statement"] if s["Sid"] == sid]
        statement.update(changes)

    return plant


def _parameter(name, key, value):
    """A mistake: a parameter is declared otherwise."""

    def plant(template):
        if value is None:
            del template["Parameters"][name][key]
        else:
            template["Parameters"][name][key] = value

    return plant


def _environment(function, name, value):
    """A mistake: one variable more, or another value."""
    return _put(value, function, "Properties", "Environment", "Variables", name)


def _route(key):
    """A mistake: one route more."""
    properties = {
        "ApiId": {"Ref": "Api"},
        "RouteKey": key,
        "Target": {"Fn::Sub": "integrations/${WebhookIntegration}"},
    }
    return _put({"Type": "AWS::ApiGatewayV2::Route", "Properties": properties}, "OtherRoute")


_TABLE = ("Table", "Properties")
_QUEUE = ("TextQueue", "Properties")
_MAPPING = ("SenderFunction", "Properties", "Events", "Texts", "Properties")
_SCHEDULE = ("SchedulerFunction", "Properties", "Events", "EveryQuarterHour", "Properties")
_REPORTS = ("ReporterFunction", "Properties", "Events", "EveryHalfHour", "Properties")
_STAGE = ("ApiStage", "Properties")
_FORMAT = '{"routeKey":"$context.routeKey","requestId":"$context.requestId","path":"$context.path"}'
_URL = {
    "Type": "AWS::Lambda::Permission",
    "Properties": {
        "FunctionName": {"Ref": "SenderFunction"},
        "Action": "lambda:InvokeFunction",
        "Principal": "*",
    },
}

# (what is wrong, how it gets there, the check that must notice)
MISTAKES = (
    ("table is deleted with the stack", _drop("Table", "DeletionPolicy"), data.table_survives),
    ("table is deleted on replacement", _put("Delete", "Table", "UpdateReplacePolicy"), data.table_survives),
    ("no deletion protection", _put(False, *_TABLE, "DeletionProtectionEnabled"), data.table_survives),
    ("no point-in-time recovery", _drop(*_TABLE, "PointInTimeRecoverySpecification"), data.table_survives),
    ("table is not encrypted with a key to audit", _drop(*_TABLE, "SSESpecification"), data.table_survives),
    ("erasures are deleted with the stack", _drop("ErasuresTable", "DeletionPolicy"), data.table_survives),
    ("erasures without deletion protection", _put(False, "ErasuresTable", "Properties", "DeletionProtectionEnabled"), data.table_survives),
    ("erasures are not remembered", _drop("ErasuresTable"), data.table_survives),
    ("erasures are forgotten", _put({"AttributeName": "ttl", "Enabled": True}, "ErasuresTable", "Properties", "TimeToLiveSpecification"), data.erasures_are_kept),
    ("a function reads erasures", _grant("ReporterRole", Action="dynamodb:Query", Resource={"Fn::GetAtt": ["ErasuresTable", "Arn"]}), permissions.roles_grant_what_is_listed),
    ("TTL on another attribute", _put("expires", *_TABLE, "TimeToLiveSpecification", "AttributeName"), data.table_has_its_keys),
    ("TTL off", _put(False, *_TABLE, "TimeToLiveSpecification", "Enabled"), data.table_has_its_keys),
    ("due index by another key", _put("pk", *_TABLE, "GlobalSecondaryIndexes", 0, "KeySchema", 0, "AttributeName"), data.table_has_its_keys),
    ("day index without its attributes", _put("KEYS_ONLY", *_TABLE, "GlobalSecondaryIndexes", 2, "Projection", "ProjectionType"), data.table_has_its_keys),
    ("attention index by another key", _put("pk", *_TABLE, "GlobalSecondaryIndexes", 1, "KeySchema", 0, "AttributeName"), data.table_has_its_keys),
    ("no redrive", _drop(*_QUEUE, "RedrivePolicy"), data.queues_keep_texts),
    ("texts given up at the third receive", _put(3, *_QUEUE, "RedrivePolicy", "maxReceiveCount"), data.queues_keep_texts),
    ("texts redriven among the failed runs", _put({"Fn::GetAtt": ["ScheduleDeadLetters", "Arn"]}, *_QUEUE, "RedrivePolicy", "deadLetterTargetArn"), data.queues_keep_texts),
    ("dead letters kept no longer than the source's", _put(345600, "TextDeadLetters", "Properties", "MessageRetentionPeriod"), data.queues_keep_texts),
    ("queue without encryption", _put(False, *_QUEUE, "SqsManagedSseEnabled"), data.queues_keep_texts),
    ("visibility shorter than six timeouts", _put(359, *_QUEUE, "VisibilityTimeout"), data.visibility_covers_the_sender),
    ("visibility left at its default", _drop(*_QUEUE, "VisibilityTimeout"), data.visibility_covers_the_sender),
    ("sender's timeout raised alone", _put(61, "SenderFunction", "Properties", "Timeout"), data.visibility_covers_the_sender),
    ("whole batches fail", _drop(*_MAPPING, "FunctionResponseTypes"), data.sender_reports_each_record),
    ("unbounded sender", _drop(*_MAPPING, "ScalingConfig"), data.sender_reports_each_record),
    ("a filter that deletes messages", _put({"Filters": [{"Pattern": "{}"}]}, *_MAPPING, "FilterCriteria"), data.sender_reports_each_record),
    ("sender switched off", _put(False, *_MAPPING, "Enabled"), data.sender_reports_each_record),
    ("webhook may delete items", _grant("WebhookRole", Action="dynamodb:DeleteItem", Resource={"Fn::GetAtt": ["Table", "Arn"]}), permissions.roles_grant_what_is_listed),
    ("webhook may write API keys", _widen("WebhookRole", "TableWrites", Condition={}), permissions.roles_grant_what_is_listed),
    ("console may read secrets", _grant("ConsoleRole", Action="secretsmanager:GetSecretValue", Resource={"Fn::Sub": permissions.SECRETS}), permissions.roles_grant_what_is_listed),
    ("scheduler may read secrets", _grant("SchedulerRole", Action="secretsmanager:GetSecretValue", Resource={"Fn::Sub": permissions.SECRETS}), permissions.roles_grant_what_is_listed),
    ("sender may scan", _widen("SenderRole", "Table", Action=[*permissions.TABLE_ACTIONS, "dynamodb:Scan"]), permissions.roles_grant_what_is_listed),
    ("sender cannot wait", _widen("SenderRole", "Queue", Action=["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]), permissions.roles_grant_what_is_listed),
    ("mail from any address", _widen("ReporterRole", "Mail", Condition={}), permissions.roles_grant_what_is_listed),
    ("a managed policy", _put(["arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess"], "ReporterRole", "Properties", "ManagedPolicyArns"), permissions.roles_grant_what_is_listed),
    ("everything but", _grant("SenderRole", NotAction="iam:PassRole", Resource="arn:aws:s3:::b"), permissions.roles_grant_what_is_listed),
    ("SAM makes the role", _drop("ReporterFunction", "Properties", "Role"), permissions.roles_grant_what_is_listed),
    ("sender uses the scheduler's role", _put({"Fn::GetAtt": ["SchedulerRole", "Arn"]}, "SenderFunction", "Properties", "Role"), permissions.roles_grant_what_is_listed),
    ("wildcard action", _widen("WebhookRole", "TableReads", Action="dynamodb:*"), permissions.roles_have_no_wildcards),
    ("part of an action is a wildcard", _widen("SchedulerRole", "Table", Action=["dynamodb:*Item"]), permissions.roles_have_no_wildcards),
    ("resource *", _widen("SenderRole", "Queue", Resource="*"), permissions.roles_have_no_wildcards),
    ("all secrets of the account", _widen("SenderRole", "Secrets", Resource={"Fn::Sub": "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:*"}), permissions.roles_have_no_wildcards),
    ("any account's schedules", _drop("ScheduleRole", "Properties", "AssumeRolePolicyDocument", "Statement", 0, "Condition"), permissions.roles_are_assumed_by_one_service),
    ("anyone takes the role", _put({"AWS": "*"}, "SenderRole", "Properties", "AssumeRolePolicyDocument", "Statement", 0, "Principal"), permissions.roles_are_assumed_by_one_service),
    ("any secrets prefix", _parameter("SecretsPrefix", "AllowedPattern", None), permissions.prefix_and_sender_take_no_wildcard),
    ("any sender", _parameter("MailFrom", "AllowedPattern", ".+"), permissions.prefix_and_sender_take_no_wildcard),
    ("an operator by default", _parameter("OperatorEmail", "Default", "a@example.com"), permissions.prefix_and_sender_take_no_wildcard),
    ("catch-all route", _route("$default"), api.api_has_these_routes_only),
    ("route without HEAD", _drop("KajabiHeadRoute"), api.api_has_these_routes_only),
    ("an API that nobody reaches", _drop("AdminRoute"), api.api_has_these_routes_only),
    ("bookings that nobody takes in", _drop("CalendlyRoute"), api.api_has_these_routes_only),
    ("strangers' posts reach the console", _put({"Fn::Sub": "integrations/${ConsoleIntegration}"}, "KajabiPostRoute", "Properties", "Target"), api.api_has_these_routes_only),
    ("throttled stage", _put({"ThrottlingRateLimit": 5, "ThrottlingBurstLimit": 5}, *_STAGE, "DefaultRouteSettings"), api.api_has_these_routes_only),
    ("form bodies in the old format", _put("1.0", "WebhookIntegration", "Properties", "PayloadFormatVersion"), api.api_has_these_routes_only),
    ("access log with the path", _put(_FORMAT, *_STAGE, "AccessLogSettings", "Format"), api.access_log_has_no_path),
    ("no access log", _drop(*_STAGE, "AccessLogSettings"), api.access_log_has_no_path),
    ("stage in the path", _put("live", *_STAGE, "StageName"), api.api_has_these_routes_only),
    ("routes never deployed", _drop(*_STAGE, "AutoDeploy"), api.api_has_these_routes_only),
    ("function URL", _put({"AuthType": "NONE"}, "WebhookFunction", "Properties", "FunctionUrlConfig"), api.only_the_api_may_call),
    ("anyone may invoke the sender", _put(_URL, "OtherPermission"), api.only_the_api_may_call),
    ("any API may invoke the webhook", _drop("ApiMayInvokeWebhook", "Properties", "SourceArn"), api.only_the_api_may_call),
    ("any API may invoke the console", _drop("ApiMayInvokeConsole", "Properties", "SourceArn"), api.only_the_api_may_call),
    ("schedule in UTC", _drop(*_SCHEDULE, "ScheduleExpressionTimezone"), operation.schedules_are_bounded),
    ("schedule tried again for a day", _drop(*_SCHEDULE, "RetryPolicy"), operation.schedules_are_bounded),
    ("schedule that drifts", _put("rate(30 minutes)", *_REPORTS, "ScheduleExpression"), operation.schedules_are_bounded),
    ("report schedule without dead letters", _drop(*_REPORTS, "DeadLetterConfig"), operation.schedules_are_bounded),
    ("schedule switched off", _put("DISABLED", *_REPORTS, "State"), operation.schedules_are_bounded),
    ("no report schedule", _drop("ReporterFunction", "Properties", "Events"), operation.schedules_are_bounded),
    ("Lambda tries again for six hours", _drop("SchedulerFunction", "Properties", "EventInvokeConfig"), operation.asynchronous_runs_are_bounded),
    ("failed reports vanish", _drop("ReporterFunction", "Properties", "EventInvokeConfig", "DestinationConfig"), operation.asynchronous_runs_are_bounded),
    ("logs for ever", _drop("SenderLogs", "Properties", "RetentionInDays"), functions.functions_log_for_a_limited_time),
    ("a group that Lambda makes", _drop("WebhookFunction", "Properties", "LoggingConfig"), functions.functions_log_for_a_limited_time),
    ("metrics wrapped in JSON", _put("JSON", "SenderFunction", "Properties", "LoggingConfig", "LogFormat"), functions.functions_log_for_a_limited_time),
    ("built for another processor", _put(["x86_64"], "SenderFunction", "Properties", "Architectures"), functions.functions_run_as_built),
    ("the wrong function's code", _put("functions/webhook", "SenderFunction", "Properties", "CodeUri"), functions.functions_run_as_built),
    ("built by another method", _put("makefile", "SenderFunction", "Metadata", "BuildMethod"), functions.functions_run_as_built),
    ("reserved concurrency", _put(1, "SenderFunction", "Properties", "ReservedConcurrentExecutions"), functions.functions_run_as_built),
    ("webhook may outlast the gateway", _put(31, "WebhookFunction", "Properties", "Timeout"), functions.functions_run_as_built),
    ("webhook without its queue", _environment("WebhookFunction", "LEADLINE_QUEUE_URL", {"Ref": "ScheduleDeadLetters"}), functions.functions_get_their_settings),
    ("scheduler without its queue", _drop("SchedulerFunction", "Properties", "Environment"), functions.functions_get_their_settings),
    ("sender on the wrong queue", _environment("SenderFunction", "LEADLINE_QUEUE_URL", {"Ref": "TextDeadLetters"}), functions.functions_get_their_settings),
    ("a secret in the environment", _environment("WebhookFunction", "TWILIO_AUTH_TOKEN", "x"), functions.functions_get_their_settings),
    ("silence of the scheduler is fine", _put("notBreaching", "SchedulerSilentAlarm", "Properties", "TreatMissingData"), operation.alarms_reach_the_operator),
    ("no alarm on dead letters", _drop("TextDeadLettersAlarm"), operation.alarms_reach_the_operator),
    ("alarm on the source queue", _put({"Fn::GetAtt": ["TextQueue", "QueueName"]}, "TextDeadLettersAlarm", "Properties", "Dimensions", 0, "Value"), operation.alarms_reach_the_operator),
    ("alarm on a metric that does not exist", _put("AWS/Lambda", "TextDeadLettersAlarm", "Properties", "Namespace"), operation.alarms_reach_the_operator),
    ("alarm that tells nobody", _drop("WebhookErrorsAlarm", "Properties", "AlarmActions"), operation.alarms_reach_the_operator),
    ("nobody subscribed", _drop("AlarmTopic", "Properties", "Subscription"), operation.alarms_reach_the_operator),
    ("identity made in any case", _drop("MailIdentity", "Condition"), operation.mail_identity_is_made_on_request),
)
