//! The API for the clients' own programs.

mod admin;
mod arrays;
mod tenants;
