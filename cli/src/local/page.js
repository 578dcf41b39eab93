"use strict";
// Whatever came from outside is only ever set as text: no markup is made from strings here.
const $ = id => document.getElementById(id);
const shown = new Map();
let names = new Map();
let zone = "UTC";

function el(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props || {})) {
    if (name === "class") node.className = value;
    else if (name === "text") node.textContent = value;
    else node.setAttribute(name, value);
  }
  node.append(...children.filter(child => child !== null && child !== undefined));
  return node;
}

// Draws a part anew only if what it shows has changed, and leaves open what was unfolded.
function draw(id, data, make) {
  const key = JSON.stringify(data);
  if (shown.get(id) === key) return;
  shown.set(id, key);
  const part = $(id);
  const open = new Set([...part.querySelectorAll("details[open]")].map(found => found.dataset.key));
  const { scrollTop, scrollLeft } = part;
  part.replaceChildren(...make(data));
  for (const found of part.querySelectorAll("details")) found.open = open.has(found.dataset.key);
  part.scrollTop = scrollTop;
  part.scrollLeft = scrollLeft;
}

function time(at, long) {
  const parts = { timeZone: zone, weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  if (long) Object.assign(parts, { year: "numeric", second: "2-digit" });
  const said = new Intl.DateTimeFormat("en-GB", parts).format(new Date(at));
  if (!long) return said;
  const named = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "short" }).formatToParts(new Date(at));
  return said + " " + named.find(part => part.type === "timeZoneName").value;
}

function verdict(of) {
  const decision = of.decision;
  switch (decision.do) {
    case "send": return ["good", "may go now", "with the next run of the scheduler"];
    case "wait": return ["wait", of.opens_at ? "waits until " + time(of.opens_at) : "waits", decision.reason];
    case "end": return ["", "ends", decision.reason];
    default: return ["bad", "cannot be sent", decision.text || decision.reason];
  }
}

function gates(list) {
  const row = gate => el("tr", {},
    el("td", {}, el("span", { class: "tag " + (gate.open ? "good" : "wait"), text: gate.open ? "open" : "shut" })),
    el("td", { text: gate.gate }), el("td", { text: gate.fact }), el("td", { class: "soft", text: gate.source }));
  return el("table", { class: "gates" },
    el("thead", {}, el("tr", {}, ...["", "Gate", "Fact", "From"].map(text => el("th", { text })))),
    el("tbody", {}, ...list.map(row)));
}

const color = { "Sent": "good", "Not Sent": "", "Sending": "wait", "Retry Scheduled": "wait", "Unclear": "bad", "Failed - Manual Review": "bad" };

function whys(lead) {
  const lines = [];
  for (const next of lead.sequences) {
    const title = next.campaign + ", step " + next.step + ": ";
    if (!next.verdict) {
      lines.push(el("div", { text: title + (next.problem || "") }));
      continue;
    }
    const [kind, word, reason] = verdict(next.verdict);
    lines.push(el("details", { "data-key": lead.id + next.campaign },
      el("summary", {}, title, el("span", { class: "tag " + kind, text: word }), " ", el("span", { class: "soft", text: reason })),
      gates(next.verdict.gates)));
  }
  for (const past of lead.past) {
    lines.push(el("div", { class: "soft", text: past.campaign + ": " + past.outcome + " " + time(past.at) + ", " + past.sent + " sent; " + past.reason }));
  }
  if (lead.standing) lines.push(el("div", {}, el("span", { class: "tag bad", text: lead.standing })));
  if (lead.unanswered_since) lines.push(el("div", {}, el("span", { class: "tag wait", text: "waits for your answer" }), " ", el("span", { class: "soft", text: "since " + time(lead.unanswered_since) })));
  if (lead.not_enrolled && !lead.sequences.length && !lead.past.length) lines.push(el("div", { class: "soft", text: "not enrolled: " + lead.not_enrolled }));
  return lines;
}

function leads(list) {
  if (!list.length) return [el("p", { class: "empty", text: "No lead yet. Send the form above." })];
  const body = el("tbody");
  for (const lead of list) {
    body.append(
      el("tr", {},
        el("td", { text: lead.name || "(no name)" }),
        el("td", { class: "number", text: lead.phone || "no number" }),
        el("td", {}, el("span", { class: "tag " + (color[lead.sms_status] || ""), text: lead.sms_status })),
        el("td", { text: lead.processing_status }),
        el("td", { class: "time", text: time(lead.created_at) })),
      el("tr", {}, el("td", { class: "why", colspan: 5 }, ...whys(lead))));
  }
  return [el("table", {},
    el("thead", {}, el("tr", {}, ...["Name", "Number", "SMS", "Processing", "Came in"].map(text => el("th", { text })))), body)];
}

function clients(list) {
  return list.map(client => {
    const copy = el("button", { type: "button", text: "Copy" });
    copy.addEventListener("click", () => navigator.clipboard.writeText(client.curl).then(() => { copy.textContent = "Copied"; }));
    const go = client.forecast && client.forecast.startsWith("its first text goes");
    return el("div", { class: "client" },
      el("h2", {}, client.name, el("small", { text: client.id + " · " + client.local_time + " there" })),
      client.on_hold ? el("p", {}, el("span", { class: "tag bad", text: "on hold" }), " ", client.on_hold) : null,
      client.forecast ? el("p", { class: "forecast" + (go ? " go" : ""), text: "A lead that comes in now: " + client.forecast + (go ? "" : ". Nobody has to wait here: send the form, then press “Next”.") }) : null,
      el("div", { class: "copy" }, el("code", { text: client.curl }), copy));
  });
}

function texts(list) {
  if (!list.length) return [el("p", { class: "empty", text: "No text has gone out." })];
  return list.map(text => el("div", { class: "bubble" },
    el("p", { text: text.body }),
    el("span", { class: "soft", text: "to " + (names.get(text.lead) || "") + " " + text.to + " · " + time(text.at) + " · " + text.status })));
}

function mails(list) {
  if (!list.length) return [el("p", { class: "empty", text: "No email has gone out. The daily report comes in the morning after." })];
  return list.map(mail => {
    const details = el("details", { "data-key": "mail" + mail.number },
      el("summary", {}, el("b", { text: mail.subject }), el("br"), el("span", { class: "soft", text: "to " + mail.to + " · " + time(mail.at) })));
    details.addEventListener("toggle", () => {
      if (!details.open || details.children.length > 1) return;
      if (mail.has_html) details.append(el("iframe", { sandbox: "", src: "/mail/" + mail.number, title: "The email as HTML" }));
      details.append(el("pre", { text: mail.text }));
    });
    return el("div", { class: "mail" }, details);
  });
}

const status = { ok: "good", rejected: "", failed: "bad", waiting: "wait", unknown: "bad" };

function journal(list) {
  if (!list.length) return [el("p", { class: "empty", text: "Nothing has happened." })];
  const row = event => {
    const where = [event.campaign, event.step ? "step " + event.step : null].filter(Boolean).join(", ");
    const why = [event.reason, event.detail].filter(Boolean).join(": ");
    return el("tr", {},
      el("td", { class: "time", text: time(event.at) }),
      el("td", {}, el("span", { class: "tag " + (status[event.status] || ""), text: event.event.replaceAll("_", " ") }), event.times > 1 ? " ×" + event.times : null),
      el("td", {}, el("div", { text: why }), el("span", { class: "soft", text: [event.client, names.get(event.lead), where].filter(Boolean).join(" · ") })));
  };
  return [el("table", {}, el("tbody", {}, ...list.map(row)))];
}

function choices(list) {
  const select = $("reply-lead");
  const chosen = select.value;
  const able = list.filter(lead => lead.phone);
  const of = lead => el("option", { value: lead.client + " " + lead.id, text: (lead.name || "(no name)") + " " + lead.phone + " · " + lead.client });
  select.replaceChildren(...(able.length ? able.map(of) : [el("option", { value: "", text: "no lead yet" })]));
  if ([...select.options].some(option => option.value === chosen)) select.value = chosen;
  return able;
}

function show(state) {
  zone = state.clients.length ? state.clients[0].zone : "UTC";
  names = new Map(state.leads.map(lead => [lead.id, lead.name || "(no name)"]));
  const ahead = state.ahead_minutes > 0 ? Math.floor(state.ahead_minutes / 1440) + " d " + Math.floor(state.ahead_minutes % 1440 / 60) + " h " + state.ahead_minutes % 60 + " min ahead" : "this machine's time";
  $("clock").replaceChildren(el("b", { text: time(state.now, true) }), " ", el("span", { class: "soft", text: ahead }));
  // The moment of a verdict is the clock's; without it a part is drawn anew only when something changed.
  for (const lead of state.leads) for (const next of lead.sequences) if (next.verdict) delete next.verdict.at;
  draw("clients", state.clients, clients);
  draw("leads", state.leads, leads);
  draw("texts", state.texts, texts);
  draw("mails", state.mails, mails);
  draw("journal", state.journal, journal);
  $("lead-count").textContent = state.leads.length || "";
  $("text-count").textContent = state.texts.length || "";
  $("mail-count").textContent = state.mails.length || "";
  $("provider-now").textContent = state.provider + (state.dead_letters ? "; " + state.dead_letters + " dead letters" : "");
  const key = JSON.stringify(state.leads.map(lead => [lead.id, lead.name, lead.phone]));
  if (shown.get("reply") !== key) { shown.set("reply", key); choices(state.leads); }
}

function say(text, plain) {

  $("note").replaceChildren(...(text ? [el("p", { class: plain ? "plain" : "", text })] : []));
}

async function look() {
  try {
    const answer = await fetch("/api/state");
    const state = await answer.json();
    if (!answer.ok) throw new Error(state.error);
    show(state);
    if (document.body.dataset.lost) { delete document.body.dataset.lost; say(""); }
  } catch (error) {
    document.body.dataset.lost = "yes";
    say("The system does not answer: " + error.message + ". What you see is old.");
  }
}

async function ask(path, body) {
  const buttons = [...document.querySelectorAll("button")];
  buttons.forEach(button => { button.disabled = true; });
  try {
    const answer = await fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    const said = answer.status === 204 ? {} : await answer.json().catch(() => ({}));
    say(answer.ok ? "" : said.error || "That did not work: " + answer.status);
    return answer.ok ? said : null;
  } catch (error) {
    say("The system does not answer: " + error.message);
    return null;
  } finally {
    buttons.forEach(button => { button.disabled = false; });
    look();
  }
}

for (const button of document.querySelectorAll("[data-clock]")) {
  button.addEventListener("click", () => ask("/api/clock", JSON.parse(button.dataset.clock)));
}
$("run").addEventListener("click", async () => {
  const ran = await ask("/api/run", {});
  if (ran) say("The scheduler ran: " + ran.scheduler.queued + " put on the queue.", true);
});
$("reply").addEventListener("submit", async event => {
  event.preventDefault();
  const [client, lead] = $("reply-lead").value.split(" ");
  if (!lead) return say("There is no lead that could reply.");
  const answered = await ask("/api/reply", { client, lead, body: $("reply-body").value });
  if (answered) { $("reply-body").value = ""; say("The webhook answered " + answered.status + ".", answered.status < 300); }
});
$("provider").addEventListener("submit", event => {
  event.preventDefault();
  const change = { behaviour: JSON.parse($("provider-does").value) };
  if ($("provider-next").value) change.next = Number($("provider-next").value);
  ask("/api/provider", change);
});

// The next look begins two seconds after the last one ended, however long that took.
(async function watch() {
  await look();
  setTimeout(watch, 2000);
})();
