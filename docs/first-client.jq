# The items of new clients and their campaigns, for `aws dynamodb transact-write-items`.
# Input: a file like events/sample/clients.json. It makes new items only and never overwrites one.
#
#   jq --arg table TABLE -f docs/first-client.jq acme.json > items.json
#   aws dynamodb transact-write-items --transact-items file://items.json

def without_nulls: walk(if type == "object" then with_entries(select(.value != null)) else . end);

def typed:
  if type == "string" then {S: .}
  elif type == "number" then {N: tostring}
  elif type == "boolean" then {BOOL: .}
  elif type == "array" then {L: map(typed)}
  else {M: map_values(typed)} end;

def put($pk; $sk; $rest):
  {Put: {TableName: $table, ConditionExpression: "attribute_not_exists(pk)",
         Item: ({pk: {S: $pk}, sk: {S: $sk}, v: {N: "1"}} + $rest)}};

def document($pk; $sk): put($pk; $sk; {d: (without_nulls | typed)});

# A version of a campaign is compared whole when it is written again, so its defaults are written out.
def plan:
  {version: (.version // 1),
   messages: [.messages[] | {step, delay_minutes: (.delay_minutes // 0), text,
                             channel: (.channel // .type // "sms"), active: (.active != false)}],
   timing: ({earliest_minutes: 60, latest_minutes: 180, latest_counts: "wall-clock"} + (.timing // {})),
   window};

[ .clients[] | .settings as $settings | "C#\($settings.id)" as $client
| ($settings + {since: ($settings.since // (now | todate))} | without_nulls | typed) as $typed
| put($client; "SETTINGS"; {d: $typed, home: {S: $table}}),
  ($settings | {id, admin_email} | document("CLIENTS"; $settings.id)),
  ( .campaigns[] | .id as $campaign
  | document($client; "CAMPAIGN#\($campaign)"),
    (plan | document($client; "PLAN#\($campaign)#\(("000000" + (.version | tostring))[-6:])")),
    ((.forms // [])[] | put($client; "FORM#\(.form)"; {campaign: {S: $campaign}})) ) ]
