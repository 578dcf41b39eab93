"""How the functions are built, set up and logged."""

from .reading import FUNCTIONS, Problems, at, of_type, properties

_BASE_URL = {
    "Fn::If": [
        "HasPublicUrl",
        {"Ref": "PublicUrl"},
        {"Fn::Sub": "https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}"},
    ]
}
_FOR_ALL = {
    "LEADLINE_TABLE": {"Ref": "Table"},
    "LEADLINE_MAIL_FROM": {"Ref": "MailFrom"},
    "RUST_LOG": "info",
}
_FOR_WEBHOOKS = {
    "LEADLINE_SECRETS_PREFIX": {"Ref": "SecretsPrefix"},
    "LEADLINE_PUBLIC_URL": _BASE_URL,
}
_FOR_QUEUE = {"LEADLINE_QUEUE_URL": {"Ref": "TextQueue"}}
_FOR_TENANTS = {"LEADLINE_TENANTS": {"Ref": "Tenants"}}
ENVIRONMENT = {
    "Webhook": {**_FOR_ALL, **_FOR_WEBHOOKS, **_FOR_QUEUE, **_FOR_TENANTS},
    "Console": {**_FOR_ALL, **_FOR_QUEUE},
    "Scheduler": {**_FOR_ALL, **_FOR_QUEUE, **_FOR_TENANTS},
    "Sender": {**_FOR_ALL, **_FOR_WEBHOOKS, **_FOR_QUEUE},
    "Reporter": {**_FOR_ALL, "LEADLINE_SECRETS_PREFIX": {"Ref": "SecretsPrefix"}},
}
TIMEOUTS = {"Webhook": 15, "Console": 15, "Scheduler": 120, "Sender": 60, "Reporter": 120}


def functions_run_as_built(template):
    """Five functions, built by cargo-lambda for arm64, with their limits and none of another kind."""
    problems = Problems()
    functions = of_type(template, "AWS::Lambda::Function")
    problems.equal(set(functions), {f"{name}Function" for name in FUNCTIONS}, "functions")
    for name in FUNCTIONS:
        function = functions.get(f"{name}Function", {})
        found = {
            key: function.get(key)
            for key in ("Runtime", "Architectures", "Handler", "MemorySize", "Timeout", "FunctionName")
        }
        expected = {
            "Runtime": "provided.al2023",
            "Architectures": ["arm64"],
            "Handler": "bootstrap",
            "MemorySize": 256,
            "Timeout": TIMEOUTS[name],
            "FunctionName": {"Fn::Sub": "${AWS::StackName}-" + name.lower()},
        }
        problems.equal(found, expected, f"{name}")
        # Throttled deliveries count as receives and would drive texts to the dead-letter queue.
        problems.want("ReservedConcurrentExecutions" not in function, f"{name} reserves concurrency")
        code = {"S3Bucket": "dummy", "S3Key": f"functions/{name.lower()}"}
        problems.equal(function.get("Code"), code, f"{name} code")
        method = at(template["Resources"], f"{name}Function", "Metadata", "BuildMethod")
        problems.equal(method, "rust-cargolambda", f"{name} build method")
    return problems


def functions_get_their_settings(template):
    """Each function's environment is exactly what it needs."""
    problems = Problems()
    for name in FUNCTIONS:
        found = at(properties(template, f"{name}Function"), "Environment", "Variables")
        problems.equal(found, ENVIRONMENT[name], f"{name} environment")
    return problems


def functions_log_for_a_limited_time(template):
    """Every function writes text to a log group of its own, and every log group forgets."""
    problems = Problems()
    for name in FUNCTIONS:
        logging = properties(template, f"{name}Function").get("LoggingConfig")
        expected = {"LogGroup": {"Ref": f"{name}Logs"}, "LogFormat": "Text"}
        problems.equal(logging, expected, f"{name} logging")
    groups = of_type(template, "AWS::Logs::LogGroup")
    expected = {f"{name}Logs" for name in (*FUNCTIONS, "Api")}
    problems.equal(set(groups), expected, "log groups")
    for name, group in groups.items():
        problems.equal(group.get("RetentionInDays"), {"Ref": "LogRetentionDays"}, f"{name} retention")
    problems.equal(at(template, "Parameters", "LogRetentionDays", "Default"), 90, "default retention")
    return problems
