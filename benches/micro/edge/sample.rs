//! What the edge is asked and what a server answers, as everywhere in these benchmarks.

use edge_core::trace::Drawn;

/// What a browser sends with a request to an API.
pub(crate) const REQUEST: &[u8] = b"GET /api/v1/bazi/charts/42?full=true HTTP/1.1\r\n\
    Host: www.example.com\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
    Chrome/142.0.0.0 Safari/537.36\r\n\
    Accept: application/json, text/plain, */*\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\n\
    Accept-Language: zh-CN,zh;q=0.9,en;q=0.8\r\n\
    Connection: keep-alive\r\n\
    Cookie: session=0d4b3c1a9f8e7d6c5b4a39281706f5e4; theme=dark; language=zh-CN\r\n\
    Referer: https://www.example.com/charts/1990-06-15\r\n\
    Sec-Ch-Ua: \"Chromium\";v=\"142\", \"Not_A Brand\";v=\"99\"\r\n\
    Sec-Fetch-Dest: empty\r\n\
    Sec-Fetch-Mode: cors\r\n\
    Sec-Fetch-Site: same-origin\r\n\r\n";

pub(crate) const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\n\
    Server: origin\r\n\
    Date: Mon, 23 Nov 2026 04:00:00 GMT\r\n\
    Content-Type: application/json\r\n\
    Content-Length: 1024\r\n\
    Cache-Control: no-store\r\n\
    X-Request-Id: 0193533e-7b1c-7d3a-9a55-5f8f3f6f4a10\r\n\
    Connection: keep-alive\r\n\r\n";

/// What a trace is begun with.
pub(crate) const DRAWN: Drawn = Drawn {
    trace: 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c,
    span: 0xb7ad_6b71_6920_3331,
    sampled: false,
};
