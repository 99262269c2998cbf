//! From ids and streams to the 64 bits that the index knows them by.
//!
//! A part of an id, or a keyed hash of a stream's name. Two of them may have the same key: whoever looks reads the rows
//! that the index points to, and compares. The key of the hash is drawn when an index is made, so that nobody outside can
//! name streams that meet. Never in here: anything that must be the same in two indexes.

use uuid::Uuid;

/// What an index's hashes are keyed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sqlite) struct Salt(pub [u8; 16]);

/// 40 bits that grow with the time in ids of version 7 (they come round once in 35 years), so that new ids lie beside each
/// other in the index, and 24 of those that tell ids of one moment apart. In random ids any bits are as good.
pub(in crate::sqlite) fn id_key(id: Uuid) -> i64 {
    let bytes = id.as_bytes();
    i64::from_be_bytes([bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[13], bytes[14], bytes[15]])
}

pub(in crate::sqlite) fn stream_key(salt: Salt, kind: &str, id: &str) -> i64 {
    let mut hash = SipHash::keyed(salt);
    hash.write(kind.as_bytes());
    // No kind of stream has a zero byte in its name, so no two names run together.
    hash.write(&[0]);
    hash.write(id.as_bytes());
    hash.finish().cast_signed()
}

/// SipHash-2-4, written out because what is on the disk must not change with a version of something else.
struct SipHash {
    state: [u64; 4],
    /// Bytes that do not fill a word yet.
    rest: u64,
    length: u64,
}

impl SipHash {
    fn keyed(Salt(salt): Salt) -> Self {
        let salt = u128::from_le_bytes(salt);
        let (low, high) = (salt as u64, (salt >> 64) as u64);
        let state = [
            low ^ 0x736f_6d65_7073_6575,
            high ^ 0x646f_7261_6e64_6f6d,
            low ^ 0x6c79_6765_6e65_7261,
            high ^ 0x7465_6462_7974_6573,
        ];
        Self { state, rest: 0, length: 0 }
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.rest |= u64::from(*byte) << (8 * (self.length % 8));
            self.length += 1;
            if self.length.is_multiple_of(8) {
                self.compress(self.rest);
                self.rest = 0;
            }
        }
    }

    fn finish(mut self) -> u64 {
        self.compress(self.rest | (self.length << 56));
        self.state[2] ^= 0xff;
        (0..4).for_each(|_| self.round());
        self.state.iter().fold(0, |hash, word| hash ^ word)
    }

    fn compress(&mut self, word: u64) {
        self.state[3] ^= word;
        self.round();
        self.round();
        self.state[0] ^= word;
    }

    fn round(&mut self) {
        let [a, b, c, d] = &mut self.state;
        *a = a.wrapping_add(*b);
        *b = b.rotate_left(13) ^ *a;
        *a = a.rotate_left(32);
        *c = c.wrapping_add(*d);
        *d = d.rotate_left(16) ^ *c;
        *a = a.wrapping_add(*d);
        *d = d.rotate_left(21) ^ *a;
        *c = c.wrapping_add(*b);
        *b = b.rotate_left(17) ^ *c;
        *c = c.rotate_left(32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of its authors: the key 00 01 .. 0f, and as text the first bytes of the same.
    #[test]
    fn it_is_siphash() {
        let salt = Salt(std::array::from_fn(|byte| byte as u8));
        let hash = |length: u8| {
            let mut hash = SipHash::keyed(salt);
            hash.write(&(0..length).collect::<Vec<u8>>());
            hash.finish()
        };
        assert_eq!(hash(0), 0x726f_db47_dd0e_0e31);
        assert_eq!(hash(1), 0x74f8_39c5_93dc_67fd);
        assert_eq!(hash(8), 0x93f5_f579_9a93_2462);
        assert_eq!(hash(15), 0xa129_ca61_49be_45e5);
    }

    #[test]
    fn ids_made_one_after_the_other_have_neighbouring_keys_and_those_of_one_command_differ() {
        let at = |millis: u64| id_key(uuid_v7(millis));
        assert!(at(1_795_000_000_000) < at(1_795_000_000_001));
        let id = uuid_v7(1_795_000_000_000);
        let next = Uuid::from_u128(id.as_u128() + 1);
        assert_ne!(id_key(id), id_key(next));
    }

    #[test]
    fn a_stream_is_its_kind_and_its_id() {
        let salt = Salt([7; 16]);
        assert_ne!(stream_key(salt, "room", "a"), stream_key(salt, "rooma", ""));
        assert_ne!(stream_key(salt, "room", "a"), stream_key(Salt([8; 16]), "room", "a"));
    }

    fn uuid_v7(millis: u64) -> Uuid {
        let random = 0x0000_0000_0000_7abc_8def_0123_4567_89ab_u128;
        Uuid::from_u128(u128::from(millis) << 80 | random)
    }
}
