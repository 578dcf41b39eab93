//! Whether the clients of one installation have one owner. It decides what one client's data may do to another's.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How the clients of one installation stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tenants {
    /// One owner, or owners who trust each other: a legal threat to one client holds the number at all of them.
    OneOwner,
    /// Owners who do not trust each other: nothing that one client is sent changes anything at another.
    #[default]
    Separate,
}

/// A text that is neither.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it must be `one-owner` or `separate`")]
pub struct InvalidTenants;

impl FromStr for Tenants {
    type Err = InvalidTenants;

    fn from_str(text: &str) -> Result<Self, InvalidTenants> {
        match text {
            "one-owner" => Ok(Self::OneOwner),
            "separate" => Ok(Self::Separate),
            _ => Err(InvalidTenants),
        }
    }
}

/// On how many people's account one client may hold numbers at the others on one UTC day. What goes beyond it is no
/// accident, or somebody means harm; the client's own operator hears of it.
pub const SPREAD_A_DAY: u8 = 5;
