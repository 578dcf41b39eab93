"""How the checks read an expanded template and collect what does not hold in it."""

import json

FUNCTIONS = ("Webhook", "Console", "Scheduler", "Sender", "Reporter")


def of_type(template, kind):
    """Properties of all resources of one type, by logical id."""
    return {
        name: resource.get("Properties", {})
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind
    }


def properties(template, name):
    """Properties of one resource; empty if there is none, so that a check reports and goes on."""
    return template["Resources"].get(name, {}).get("Properties", {})


def at(value, *path):
    """The value at a path of keys, or None."""
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return None
        value = value[key]
    return value


def arn(name):
    """The intrinsic for a resource's ARN."""
    return {"Fn::GetAtt": [name, "Arn"]}


def listed(value):
    return value if isinstance(value, list) else [value]


def spelled(resource):
    if isinstance(resource, dict) and "Fn::GetAtt" in resource:
        return ".".join(resource["Fn::GetAtt"])
    if isinstance(resource, dict) and "Fn::Sub" in resource:
        return str(resource["Fn::Sub"])
    return json.dumps(resource) if isinstance(resource, dict) else str(resource)


def statements(role):
    """All statements of a role's inline policies."""
    return [
        statement
        for policy in role.get("Policies", [])
        for statement in listed(policy["PolicyDocument"]["Statement"])
    ]


class Problems(list):
    """Collects what does not hold."""

    def want(self, holds, text):
        if not holds:
            self.append(text)

    def equal(self, found, expected, what):
        self.want(found == expected, f"{what}: {found!r}, expected {expected!r}")
