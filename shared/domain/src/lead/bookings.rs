//! A lead's bookings: what news of them do to it. News of a moment before what is known change nothing,
//! so their order does not matter.

use super::{
    super::{
        Instant,
        booking::{Booking, BookingNews, BookingStatus, NewsKind},
        campaign::Plan,
        ids::{CampaignId, EnrollmentId},
        message::InFlight,
    },
    Enrollment, Lead, Outcome, PastEnrollment, Waits,
};

/// Bookings that a lead keeps. It is written twice for every text and stays under one kilobyte.
const KEPT: usize = 3;

/// What news of a booking did to a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// Nothing: it is known, or something newer is.
    Nothing,
    /// The person has booked, and left these campaigns.
    Booked(Vec<CampaignId>),
    /// The person has asked for an appointment; texts wait.
    Requested,
    /// A request, a booking beside one that stands, or one that is over, is no more. Texts go on where
    /// there are any.
    LetGo,
    /// The last booking that stood, or was asked for, was called off. Campaigns that the person was in until now were left:
    /// that there was a booking came to be known too late.
    CalledOff(Vec<CampaignId>),
}

impl Lead {
    /// The booking for which nothing is sent at `now`: it stands and lies ahead.
    #[must_use]
    pub fn booking_ahead(&self, now: Instant) -> Option<&Booking> {
        self.ahead(BookingStatus::Booked, now)
    }

    /// The request for an appointment that lies ahead at `now` and has no answer.
    #[must_use]
    pub fn booking_requested(&self, now: Instant) -> Option<&Booking> {
        self.ahead(BookingStatus::Requested, now)
    }

    fn ahead(&self, status: BookingStatus, now: Instant) -> Option<&Booking> {
        self.bookings.iter().find(|booking| booking.status == status && booking.lies_ahead(now))
    }

    /// Takes in news of a booking: what is newer than what is known is kept, and a booking ends all
    /// sequences in the same step. One that is called off before it was heard that it stood ends them, too,
    /// so that the order of news makes no difference.
    pub fn hear(&mut self, news: &BookingNews, now: Instant) -> Heard {
        let known = self.bookings.iter().find(|booking| booking.id == news.id).cloned();
        let status = match news.kind {
            NewsKind::Requested => BookingStatus::Requested,
            // The other half of a move may be lost, and may have come before. Where nothing is known
            // of this one the person has booked all the same.
            NewsKind::Moved if known.is_some() => return Heard::Nothing,
            NewsKind::Booked | NewsKind::Moved => BookingStatus::Booked,
            NewsKind::Rejected | NewsKind::Cancelled => BookingStatus::Cancelled,
        };
        if known.as_ref().is_some_and(|known| (news.said_at, status) <= (known.said_at, known.status)) {
            return Heard::Nothing;
        }
        let had = self.booking_ahead(now).is_some();
        let stood = known.as_ref().is_some_and(|known| known.status == BookingStatus::Booked);
        let starts_at = news.starts_at.or(known.as_ref().and_then(|known| known.starts_at));
        self.keep(Booking { id: news.id.clone(), status, starts_at, said_at: news.said_at }, now);
        if !matches!(news.kind, NewsKind::Requested | NewsKind::Rejected) {
            self.replace(news, now);
        }
        let in_time = starts_at.is_none_or(|starts_at| starts_at > news.said_at);
        let called_off = news.kind == NewsKind::Cancelled && in_time && known.is_none_or(|known| known.status < status);
        match status {
            BookingStatus::Requested => Heard::Requested,
            BookingStatus::Booked => {
                self.answered_up_to(news.said_at);
                // One made when no other stood has nothing to do with what an earlier one ended.
                let anew = !had && news.instead_of.is_none() && news.kind == NewsKind::Booked;
                Heard::Booked(self.end_for_booking("the person booked", anew, now))
            }
            BookingStatus::Cancelled if called_off => {
                if self.booking_ahead(now).is_some() {
                    return Heard::LetGo;
                }
                let unheard = if stood {
                    Vec::new()
                } else {
                    self.end_for_booking("the person booked, and called it off", false, now)
                };
                Heard::CalledOff(unheard)
            }
            BookingStatus::Cancelled => Heard::LetGo,
        }
    }

    /// Ends every sequence for a booking, and remembers the last of them. `anew` says that what an earlier
    /// booking ended is not to go on any more.
    fn end_for_booking(&mut self, reason: &str, anew: bool, now: Instant) -> Vec<CampaignId> {
        match self.enrollments.last() {
            Some(last) => self.may_resume = Some(last.id),
            None if anew => self.may_resume = None,
            None => {}
        }
        self.end_all(Outcome::Booked, reason, now)
    }

    /// Marks the booking that another one took the place of, known or not: news of it may come still.
    fn replace(&mut self, news: &BookingNews, now: Instant) {
        let Some(id) = &news.instead_of else { return };
        let starts_at = self.bookings.iter().find(|booking| booking.id == *id).and_then(|booking| booking.starts_at);
        let replaced = Booking { id: id.clone(), status: BookingStatus::Cancelled, starts_at, said_at: news.said_at };
        self.keep(replaced, now);
    }

    /// Keeps a booking. When there are too many, those go first that keep nothing from being sent, and
    /// of the others the one that is over soonest.
    fn keep(&mut self, booking: Booking, now: Instant) {
        self.bookings.retain(|known| known.id != booking.id);
        self.bookings.push(booking);
        let worth = |booking: &Booking| {
            let counts = booking.status != BookingStatus::Cancelled && booking.lies_ahead(now);
            (counts, if counts { booking.starts_at.unwrap_or(Instant::MAX_UTC) } else { booking.said_at })
        };
        self.bookings.sort_by_key(|booking| std::cmp::Reverse(worth(booking)));
        self.bookings.truncate(KEPT);
    }

    /// The sequence that the booking ended, if nothing was said since that ends it for good and the person
    /// did not enter its campaign again.
    #[must_use]
    pub fn ended_by_booking(&self) -> Option<&PastEnrollment> {
        let ended = |past: &PastEnrollment| past.outcome == Outcome::Booked && past.version > 0;
        let at = self.history.iter().rposition(|past| Some(past.id) == self.may_resume && ended(past))?;
        let ended = &self.history[at];
        let again = self.history[at + 1..].iter().any(|past| past.campaign == ended.campaign)
            || self.enrollments.iter().any(|live| live.campaign == ended.campaign);
        (!again).then_some(ended)
    }

    /// A new enrollment where an ended one stopped: at the first step of its plan after everything that
    /// was sent or may have been. `None` if no step is left.
    #[must_use]
    pub fn taken_up(&self, ended: &PastEnrollment, plan: &Plan, id: EnrollmentId, now: Instant) -> Option<Enrollment> {
        let may_have_gone =
            |text: &&InFlight| text.enrollment == ended.id && !text.is_retry() && text.step >= ended.step;
        let next = match self.in_flight.as_ref().filter(may_have_gone) {
            Some(text) => text.step.checked_add(1)?,
            None => ended.step,
        };
        let step = plan.at_or_after(next)?.step;
        Some(Enrollment {
            id,
            campaign: ended.campaign.clone(),
            version: ended.version,
            step,
            imported_at: now,
            waits: Waits::Until(now),
            sent: 0,
            last_sent_at: None,
            counts_from: None,
            message: None,
            parked: false,
        })
    }
}

#[cfg(test)]
mod tests;
