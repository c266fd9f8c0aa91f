//! Applications at the command line: their form, what is asked of them, their states, and what is kept of them.

mod agreement;
mod form;
mod life;
mod records;
