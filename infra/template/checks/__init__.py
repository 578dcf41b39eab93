"""What must hold for the expanded template. A check takes it and returns the problems it found.

Checks compare with what is written down in them in full, so that adding a permission, a route or a
variable is always two edits: the template, and the expectation.
"""

from . import api, data, functions, operation, permissions

ALL = (
    data.table_survives,
    data.erasures_are_kept,
    data.table_has_its_keys,
    data.queues_keep_texts,
    data.visibility_covers_the_sender,
    data.sender_reports_each_record,
    permissions.roles_grant_what_is_listed,
    permissions.roles_have_no_wildcards,
    permissions.roles_are_assumed_by_one_service,
    permissions.prefix_and_sender_take_no_wildcard,
    api.api_has_these_routes_only,
    api.access_log_has_no_path,
    api.only_the_api_may_call,
    functions.functions_run_as_built,
    functions.functions_get_their_settings,
    functions.functions_log_for_a_limited_time,
    operation.schedules_are_bounded,
    operation.asynchronous_runs_are_bounded,
    operation.alarms_reach_the_operator,
    operation.mail_identity_is_made_on_request,
)
