//! Bytes as hexadecimal digits.

/// The two digits of a byte, in lower case.
pub fn digits(byte: u8) -> [char; 2] {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
    [digit(byte >> 4), digit(byte & 15)]
}

/// The digits of all bytes, in lower case.
pub fn text(bytes: impl IntoIterator<Item = u8>) -> String {
    bytes.into_iter().flat_map(digits).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn each_byte_has_two_digits() {
        assert_eq!(super::text([0, 0x0a, 0xf3, 0xff]), "000af3ff");
    }
}
