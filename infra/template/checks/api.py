"""What can be reached from outside, and what is written down about it."""

import json

from .reading import Problems, arn, listed, of_type

WEBHOOK_ROUTES = {
    "POST /webhooks/kajabi/{client}/{token}",
    "GET /webhooks/kajabi/{client}/{token}",
    "HEAD /webhooks/kajabi/{client}/{token}",
    "POST /webhooks/twilio/{client}/inbound",
    "POST /webhooks/twilio/{client}/status",
    "POST /webhooks/openphone/{client}",
    "POST /webhooks/simpletexting/{client}/{token}",
    "POST /webhooks/calendly/{client}",
    "POST /webhooks/calcom/{client}",
}
CONSOLE_ROUTES = {
    "POST /sms/send",
    "GET /sms/status",
    "ANY /admin/{proxy+}",
    "GET /health",
}
ACCESS_LOG = {
    "routeKey": "$context.routeKey",
    "requestId": "$context.requestId",
    "status": "$context.status",
    "latency": "$context.responseLatency",
    "ip": "$context.identity.sourceIp",
}


def api_has_these_routes_only(template):
    """The routes are the listed ones, each to its function, and nothing throttles them."""
    problems = Problems()
    routes = of_type(template, "AWS::ApiGatewayV2::Route")
    problems.equal(sorted(route["RouteKey"] for route in routes.values()), sorted(WEBHOOK_ROUTES | CONSOLE_ROUTES), "routes")
    for name, route in routes.items():
        function = "Webhook" if route["RouteKey"] in WEBHOOK_ROUTES else "Console"
        target = {"Fn::Sub": "integrations/${" + function + "Integration}"}
        problems.equal(route.get("Target"), target, f"{name} target")
        problems.equal(route.get("ApiId"), {"Ref": "Api"}, f"{name} API")
    apis = of_type(template, "AWS::ApiGatewayV2::Api")
    expected = {"Api": {"Name": {"Ref": "AWS::StackName"}, "ProtocolType": "HTTP"}}
    problems.equal(apis, expected, "API")
    integrations = of_type(template, "AWS::ApiGatewayV2::Integration")
    expected = {
        f"{function}Integration": {
            "ApiId": {"Ref": "Api"},
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": arn(f"{function}Function"),
            "PayloadFormatVersion": "2.0",
        }
        for function in ("Webhook", "Console")
    }
    problems.equal(integrations, expected, "integrations")
    for name, stage in of_type(template, "AWS::ApiGatewayV2::Stage").items():
        found = (stage.get("ApiId"), stage.get("StageName"), stage.get("AutoDeploy"))
        problems.equal(found, ({"Ref": "Api"}, "$default", True), f"{name}")
        for settings in ("DefaultRouteSettings", "RouteSettings"):
            problems.want("Throttling" not in json.dumps(stage.get(settings, {})), f"{name} throttles")
    return problems


def access_log_has_no_path(template):
    """Every stage logs, and of the request only what holds no token."""
    problems = Problems()
    stages = of_type(template, "AWS::ApiGatewayV2::Stage")
    problems.equal(set(stages), {"ApiStage"}, "stages")
    for name, stage in stages.items():
        settings = stage.get("AccessLogSettings", {})
        problems.equal(settings.get("DestinationArn"), arn("ApiLogs"), f"{name} log group")
        try:
            found = json.loads(settings.get("Format", "null"))
        except ValueError:
            found = settings["Format"]
        problems.equal(found, ACCESS_LOG, f"{name} access log")
    return problems


def only_the_api_may_call(template):
    """No function URL, and no resource permission but that of our API for its two functions."""
    problems = Problems()
    problems.equal(of_type(template, "AWS::Lambda::Url"), {}, "function URLs")
    source = (
        "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*"
    )
    expected = {
        f"ApiMayInvoke{function}": {
            "FunctionName": {"Ref": f"{function}Function"},
            "Action": "lambda:InvokeFunction",
            "Principal": "apigateway.amazonaws.com",
            "SourceArn": {"Fn::Sub": source},
        }
        for function in ("Webhook", "Console")
    }
    problems.equal(of_type(template, "AWS::Lambda::Permission"), expected, "permissions")
    return problems
