//! Applications at the command line: their form, what is asked of them, their states, and what is kept of them.

mod agreement;
mod entered;
mod form;
mod life;
mod lists;
mod records;
mod repeated;
