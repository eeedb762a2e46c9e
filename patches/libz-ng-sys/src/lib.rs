//! The part of `libz-ng-sys` that flate2 calls, forwarded to `libz-rs-sys`.
//!
//! pingora asks flate2 for zlib-ng, whose build script needs cmake. zlib-rs speaks the same C
//! interface without a C build. The two declare `z_stream` alike but for the allocator fields,
//! which zlib-rs makes optional; `Option<fn>` and `fn` have one layout, so the pointer cast in
//! each function below is the whole difference. `layout_matches` checks that at compile time.
#![expect(non_camel_case_types, non_snake_case, reason = "the names are those of zlib")]

use std::ffi::{c_char, c_int, c_uint, c_ulong, c_void};
use std::mem::{align_of, offset_of, size_of};

pub use libz_rs_sys::{
    Z_BLOCK, Z_BUF_ERROR, Z_DATA_ERROR, Z_DEFAULT_STRATEGY, Z_DEFLATED, Z_FINISH, Z_FULL_FLUSH,
    Z_MEM_ERROR, Z_NEED_DICT, Z_NO_FLUSH, Z_OK, Z_PARTIAL_FLUSH, Z_STREAM_END, Z_STREAM_ERROR,
    Z_SYNC_FLUSH, internal_state, zlibVersion,
};

pub type uInt = c_uint;
pub type voidpf = *mut c_void;
pub type alloc_func = unsafe extern "C" fn(voidpf, uInt, uInt) -> voidpf;
pub type free_func = unsafe extern "C" fn(voidpf, voidpf);

/// zlib's stream state, as C callers see it.
#[derive(Debug)]
#[repr(C)]
pub struct z_stream {
    pub next_in: *mut u8,
    pub avail_in: uInt,
    pub total_in: c_ulong,
    pub next_out: *mut u8,
    pub avail_out: uInt,
    pub total_out: c_ulong,
    pub msg: *mut c_char,
    pub state: *mut internal_state,
    pub zalloc: alloc_func,
    pub zfree: free_func,
    pub opaque: voidpf,
    pub data_type: c_int,
    pub adler: c_ulong,
    pub reserved: c_ulong,
}

const fn layout_matches() {
    type Theirs = libz_rs_sys::z_stream;
    assert!(size_of::<z_stream>() == size_of::<Theirs>());
    assert!(align_of::<z_stream>() == align_of::<Theirs>());
    assert!(offset_of!(z_stream, zalloc) == offset_of!(Theirs, zalloc));
    assert!(offset_of!(z_stream, zfree) == offset_of!(Theirs, zfree));
    assert!(offset_of!(z_stream, reserved) == offset_of!(Theirs, reserved));
}
const _: () = layout_matches();

macro_rules! forward {
    ($($name:ident($($arg:ident: $type:ty),*);)*) => {$(
        pub unsafe extern "C" fn $name(stream: *mut z_stream, $($arg: $type),*) -> c_int {
            // SAFETY: the caller upholds zlib's contract for `stream`; the layouts are equal.
            unsafe { libz_rs_sys::$name(stream.cast(), $($arg),*) }
        }
    )*};
}

forward! {
    deflateInit2_(level: c_int, method: c_int, bits: c_int, memory: c_int, strategy: c_int, version: *const c_char, size: c_int);
    deflate(flush: c_int);
    deflateEnd();
    deflateReset();
    deflateParams(level: c_int, strategy: c_int);
    deflateSetDictionary(dictionary: *const u8, length: uInt);
    inflateInit2_(bits: c_int, version: *const c_char, size: c_int);
    inflate(flush: c_int);
    inflateEnd();
    inflateReset2(bits: c_int);
    inflateSetDictionary(dictionary: *const u8, length: uInt);
}
