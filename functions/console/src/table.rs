//! The addresses of the API, as data: what finds a route, what is described, and what template.yaml lists.

use lambda_http::http::Method;

/// What an address of the API does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// Whether the function runs.
    Health,
    /// One text, asked for by the client's own program.
    Send,
    /// How texting goes.
    Status,
    /// All campaigns.
    ListCampaigns,
    /// A new campaign.
    CreateCampaign,
    /// Whether the address is there.
    AutoCreateHealth,
    /// The campaign of a form, which is made if there is none.
    AutoCreate,
    /// One campaign.
    GetCampaign,
    /// A change of a campaign.
    PatchCampaign,
    /// A campaign is paused.
    DeleteCampaign,
    /// The same.
    PauseCampaign,
    /// Texts go out again.
    ResumeCampaign,
    /// A campaign ends for good.
    DeactivateCampaign,
    /// What a change of a campaign would do today.
    CampaignEffect,
    /// All texts.
    ListTemplates,
    /// A text as it would be.
    CheckTemplate,
    /// The client's settings.
    GetSettings,
    /// A change of them.
    PatchSettings,
    /// The red button.
    HoldSending,
    /// It is lifted.
    ResumeSending,
    /// All numbers that opted out.
    ListOptOuts,
    /// A no is written down.
    AddOptOut,
    /// A no is taken back.
    LiftOptOut,
    /// All keys.
    ListKeys,
    /// A new key.
    AddKey,
    /// A key ends.
    RevokeKey,
    /// All leads.
    ListLeads,
    /// One lead, with its whole journey.
    GetLead,
    /// A lead is put into a campaign.
    EnrollLead,
    /// A lead is put on hold.
    HoldLead,
    /// The hold on a lead is lifted.
    ReleaseLead,
    /// A lead's reply was answered.
    AnsweredLead,
    /// What a lead is in ends.
    EndLead,
}

/// One method of one address. `{…}` stands for one part.
pub struct Row {
    /// The method.
    pub method: &'static str,
    /// The address.
    pub path: &'static str,
    /// What it does.
    pub endpoint: Endpoint,
}

const fn row(method: &'static str, path: &'static str, endpoint: Endpoint) -> Row {
    Row { method, path, endpoint }
}

/// All of them.
pub const ROWS: &[Row] = &[
    row("GET", "/health", Endpoint::Health),
    row("HEAD", "/health", Endpoint::Health),
    row("POST", "/sms/send", Endpoint::Send),
    row("GET", "/sms/status", Endpoint::Status),
    row("GET", "/admin/campaigns", Endpoint::ListCampaigns),
    row("POST", "/admin/campaigns", Endpoint::CreateCampaign),
    row("GET", "/admin/campaigns/auto-create", Endpoint::AutoCreateHealth),
    row("POST", "/admin/campaigns/auto-create", Endpoint::AutoCreate),
    row("GET", "/admin/campaigns/{id}", Endpoint::GetCampaign),
    row("PATCH", "/admin/campaigns/{id}", Endpoint::PatchCampaign),
    row("DELETE", "/admin/campaigns/{id}", Endpoint::DeleteCampaign),
    row("POST", "/admin/campaigns/{id}/pause", Endpoint::PauseCampaign),
    row("POST", "/admin/campaigns/{id}/resume", Endpoint::ResumeCampaign),
    row("POST", "/admin/campaigns/{id}/deactivate", Endpoint::DeactivateCampaign),
    row("POST", "/admin/campaigns/{id}/effect", Endpoint::CampaignEffect),
    row("GET", "/admin/templates", Endpoint::ListTemplates),
    row("POST", "/admin/templates/check", Endpoint::CheckTemplate),
    row("GET", "/admin/settings", Endpoint::GetSettings),
    row("PATCH", "/admin/settings", Endpoint::PatchSettings),
    row("POST", "/admin/settings/hold", Endpoint::HoldSending),
    row("POST", "/admin/settings/resume", Endpoint::ResumeSending),
    row("GET", "/admin/opt-outs", Endpoint::ListOptOuts),
    row("POST", "/admin/opt-outs", Endpoint::AddOptOut),
    row("POST", "/admin/opt-outs/lift", Endpoint::LiftOptOut),
    row("GET", "/admin/keys", Endpoint::ListKeys),
    row("POST", "/admin/keys", Endpoint::AddKey),
    row("DELETE", "/admin/keys/{name}", Endpoint::RevokeKey),
    row("GET", "/admin/leads", Endpoint::ListLeads),
    row("GET", "/admin/leads/{id}", Endpoint::GetLead),
    row("POST", "/admin/leads/{id}/enroll", Endpoint::EnrollLead),
    row("POST", "/admin/leads/{id}/hold", Endpoint::HoldLead),
    row("POST", "/admin/leads/{id}/release", Endpoint::ReleaseLead),
    row("POST", "/admin/leads/{id}/answered", Endpoint::AnsweredLead),
    row("POST", "/admin/leads/{id}/end", Endpoint::EndLead),
];

/// What a request finds.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// A route, with the part of the address that stands for something.
    Here(Endpoint, Option<String>),
    /// The address, for these methods.
    For(String),
    /// Nothing.
    Nowhere,
}

/// Finds the route. An address that is written out comes before one with a part that stands for something.
pub fn find(method: &Method, path: &str) -> Found {
    let fitting = ROWS.iter().filter_map(|row| Some((row, fits(row.path, path)?)));
    let Some(best) = fitting.clone().map(|(row, _)| row.path).min_by_key(|path| path.matches('{').count()) else {
        return Found::Nowhere;
    };
    let mut rows = fitting.filter(|(row, _)| row.path == best);
    match rows.clone().find(|(row, _)| row.method == method.as_str()) {
        Some((row, part)) => Found::Here(row.endpoint, part),
        None => {
            let first = rows.next().map(|(row, _)| row.method.to_owned()).unwrap_or_default();
            Found::For(rows.fold(first, |all, (row, _)| format!("{all}, {}", row.method)))
        }
    }
}

/// Whether an address fits a pattern, and the part that stands for something.
fn fits(pattern: &str, path: &str) -> Option<Option<String>> {
    let (mut wanted, mut given) = (pattern.trim_matches('/').split('/'), path.trim_matches('/').split('/'));
    let mut part = None;
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(part),
            (Some(wanted), Some(given)) if wanted.starts_with('{') && !given.is_empty() => part = Some(plain(given)),
            (Some(wanted), Some(given)) if wanted == given => {}
            _ => return None,
        }
    }
}

/// A part of an address without its percent signs (RFC 3986). What cannot be text stays as it is.
fn plain(part: &str) -> String {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let [first, after @ ..] = rest {
        let decoded = match (first, after.get(..2)) {
            (b'%', Some(digits)) => std::str::from_utf8(digits).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok()),
            _ => None,
        };
        bytes.push(decoded.unwrap_or(*first));
        rest = if decoded.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| part.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_by_its_method_and_says_which_others_it_takes() {
        let here = |endpoint, part: Option<&str>| Found::Here(endpoint, part.map(str::to_owned));
        for (method, path, expected) in [
            (Method::GET, "/health", here(Endpoint::Health, None)),
            (Method::POST, "/health", Found::For("GET, HEAD".to_owned())),
            (Method::GET, "/admin/campaigns", here(Endpoint::ListCampaigns, None)),
            (Method::GET, "/admin/campaigns/webinar", here(Endpoint::GetCampaign, Some("webinar"))),
            (Method::GET, "/admin/campaigns/auto-create", here(Endpoint::AutoCreateHealth, None)),
            (Method::PATCH, "/admin/campaigns/auto-create", Found::For("GET, POST".to_owned())),
            (Method::POST, "/admin/campaigns/webinar/pause", here(Endpoint::PauseCampaign, Some("webinar"))),
            (Method::DELETE, "/admin/keys/my%20site%", here(Endpoint::RevokeKey, Some("my site%"))),
            (Method::PUT, "/admin/campaigns/webinar", Found::For("GET, PATCH, DELETE".to_owned())),
            (Method::GET, "/admin", Found::Nowhere),
            (Method::GET, "/admin/campaigns/webinar/more", Found::Nowhere),
            (Method::GET, "/", Found::Nowhere),
        ] {
            assert_eq!(find(&method, path), expected, "{method} {path}");
        }
    }
}
