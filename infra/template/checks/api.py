"""What can be reached from outside, and what is written down about it."""

import json

from .reading import Problems, arn, listed, of_type

ROUTES = {
    "POST /webhooks/kajabi/{client}/{token}",
    "GET /webhooks/kajabi/{client}/{token}",
    "HEAD /webhooks/kajabi/{client}/{token}",
    "POST /webhooks/twilio/{client}/inbound",
    "POST /webhooks/twilio/{client}/status",
    "POST /sms/send",
    "GET /sms/status",
    "POST /webhooks/openphone/{client}",
    "POST /webhooks/simpletexting/{client}/{token}",
    "POST /webhooks/calendly/{client}",
    "POST /webhooks/calcom/{client}",
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
    """The routes are the listed ones, all to the webhook function, and nothing throttles them."""
    problems = Problems()
    routes = of_type(template, "AWS::ApiGatewayV2::Route")
    problems.equal(sorted(route["RouteKey"] for route in routes.values()), sorted(ROUTES), "routes")
    for name, route in routes.items():
        target = {"Fn::Sub": "integrations/${ApiIntegration}"}
        problems.equal(route.get("Target"), target, f"{name} target")
        problems.equal(route.get("ApiId"), {"Ref": "Api"}, f"{name} API")
    apis = of_type(template, "AWS::ApiGatewayV2::Api")
    expected = {"Api": {"Name": {"Ref": "AWS::StackName"}, "ProtocolType": "HTTP"}}
    problems.equal(apis, expected, "API")
    integrations = of_type(template, "AWS::ApiGatewayV2::Integration")
    expected = {
        "ApiIntegration": {
            "ApiId": {"Ref": "Api"},
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": arn("WebhookFunction"),
            "PayloadFormatVersion": "2.0",
        }
    }
    problems.equal(integrations, expected, "integration")
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
    """No function URL, and no resource permission but that of our API for the webhook."""
    problems = Problems()
    problems.equal(of_type(template, "AWS::Lambda::Url"), {}, "function URLs")
    source = (
        "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*"
    )
    expected = {
        "FunctionName": {"Ref": "WebhookFunction"},
        "Action": "lambda:InvokeFunction",
        "Principal": "apigateway.amazonaws.com",
        "SourceArn": {"Fn::Sub": source},
    }
    found = list(of_type(template, "AWS::Lambda::Permission").values())
    problems.equal(found, [expected], "permissions")
    return problems
