//! The pieces of SHA-256 (FIPS 180-4) that the search for a nonce puts together.
//!
//! Everything is generic over [`Word`]: vectors of words, which are computed with, and the generator's words, which
//! become the kernels' code (`build/`). Whole hashes of anything but headers are [`crate::crypto`]'s business.

/// The state before the first block (FIPS 180-4, 5.3.3).
pub(crate) const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// The round constants (FIPS 180-4, 4.2.2).
#[rustfmt::skip]
pub(crate) const K: [u32; 64] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
];

/// The bit that ends a message, in its word.
pub(crate) const END: u32 = 0x8000_0000;
/// The bits of a header, as its padding ends.
pub(crate) const HEADER_BITS: u32 = 8 * 80;
/// The bits of a digest, as its padding ends.
pub(crate) const DIGEST_BITS: u32 = 256;

/// A word of 32 bits, or several that are computed with alike.
pub trait Word: Copy {
    /// A word that is known; the same in every lane.
    fn known(word: u32) -> Self;
    /// Wrapping sum.
    fn add(self, other: Self) -> Self;
    /// Bitwise exclusive or.
    fn xor(self, other: Self) -> Self;
    /// Bitwise and.
    fn and(self, other: Self) -> Self;
    /// Rotation to the right by `N` bits.
    fn rotr<const N: u32>(self) -> Self;
    /// Shift to the right by `N` bits.
    fn shr<const N: u32>(self) -> Self;
}

/// The variables `a` to `h` between two rounds.
pub(crate) type State<W> = [W; 8];

/// One round; `kw` is the sum of the round's constant and its message word.
#[inline(always)]
pub(crate) fn round<W: Word>([a, b, c, d, e, f, g, h]: State<W>, kw: W) -> State<W> {
    let choice = g.xor(e.and(f.xor(g)));
    let t1 = h.add(kw).add(choice).add(e.rotr::<6>().xor(e.rotr::<11>()).xor(e.rotr::<25>()));
    // The same exclusive or of two neighbours is needed by the next round: the compiler shares it.
    let majority = b.xor(a.xor(b).and(b.xor(c)));
    let t2 = majority.add(a.rotr::<2>().xor(a.rotr::<13>()).xor(a.rotr::<22>()));
    [t1.add(t2), a, b, c, d.add(t1), e, f, g]
}

/// The next word of the message schedule, from the words 16, 15, 7 and 2 places before it.
#[inline(always)]
pub(crate) fn schedule<W: Word>(w16: W, w15: W, w7: W, w2: W) -> W {
    let small0 = w15.rotr::<7>().xor(w15.rotr::<18>()).xor(w15.shr::<3>());
    let small1 = w2.rotr::<17>().xor(w2.rotr::<19>()).xor(w2.shr::<10>());
    w16.add(small0).add(w7.add(small1))
}
