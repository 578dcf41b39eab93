//! What a person does by hand, from the command line or the API.

mod by_hand;
mod commands;
mod dead_letters;
mod effect;
mod erase;
mod export;
mod init;
mod leads;
