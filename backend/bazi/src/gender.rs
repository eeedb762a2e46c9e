//! The gender, on which the direction of luck and the day master's label depend.

use std::str::FromStr;

use crate::error::Error;
use crate::named::named;

named! {
    /// The gender for which a chart is read.
    pub enum Gender {
        Male = "male",
        Female = "female",
    }
}

/// Reads `male`, `female`, 男 or 女.
impl FromStr for Gender {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "male" | "男" => Ok(Self::Male),
            "female" | "女" => Ok(Self::Female),
            _ => Err(Error::gender(text)),
        }
    }
}
