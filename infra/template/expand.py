"""Expands the SAM template into plain CloudFormation, offline, so that it can be linted and asserted on.

Linters do not expand SAM themselves and so miss most mistakes in it. Code locations get a dummy
bucket; nothing is built or uploaded. Use: python expand.py TEMPLATE OUTPUT
"""

import copy
import json
import os
import pathlib
import sys

# The translator asks boto3 for a region when it is imported.
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

from samtranslator.parser.parser import Parser  # noqa: E402
from samtranslator.translator.translator import Translator  # noqa: E402
from samtranslator.yaml_helper import yaml_parse  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]


def load(path=ROOT / "template.yaml"):
    """The SAM template as a dict, with short intrinsics (!Ref) in their long form."""
    return yaml_parse(pathlib.Path(path).read_text(encoding="utf-8"))


def expand(source):
    """The CloudFormation template that a SAM template (a dict, left as it is) stands for."""
    source = copy.deepcopy(source)
    for resource in source["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://dummy/" + resource["Properties"]["CodeUri"]
    defaults = {
        name: parameter["Default"]
        for name, parameter in source.get("Parameters", {}).items()
        if "Default" in parameter
    }
    # No managed policies: every role of ours is written out, and one that names one must fail.
    expanded = Translator({}, Parser()).translate(source, defaults)
    # The translator leaves plain copies of YAML objects that only JSON makes uniform.
    return json.loads(json.dumps(expanded))


if __name__ == "__main__":
    template, output = map(pathlib.Path, sys.argv[1:])
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(expand(load(template)), indent=2) + "\n", encoding="utf-8")
