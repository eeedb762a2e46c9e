//! Directives that are not taken over, and why not: what nobody has looked at in the end is looked up here.

use crate::note::{Notes, Severity};
use crate::syntax::Directive;

use Severity::{Differs, Info, Lost};

/// Names, of which one that ends in a star is the beginning of many; how much it matters that they are not
/// taken over, if it does; and what to say.
type Entry = (&'static str, Option<Severity>, &'static str, &'static str);

/// What the edge does by itself, or what is of nginx's inside.
const NOTHING_TO_DO: &str = "\
    accept_mutex* aio aio_write chunked_transfer_encoding client_body_buffer_size \
    client_body_in_file_only client_body_in_single_buffer client_body_temp_path \
    client_header_buffer_size connection_pool_size daemon debug_connection debug_points \
    default_type directio* env etag fastcgi_* grpc_buffer_size gzip_buffers gzip_disable \
    gzip_hash gzip_http_version gzip_no_buffer gzip_proxied gzip_vary gzip_window \
    http2_body_preread_size http2_chunk_size http2_idle_timeout http2_max_concurrent_pushes \
    http2_max_concurrent_streams http2_max_field_size http2_max_header_size http2_max_requests \
    http2_push* http2_recv_buffer_size http2_recv_timeout if_modified_since \
    ignore_invalid_headers include keepalive_disable large_client_header_buffers \
    lingering_close lock_file log_not_found log_subrequest master_process max_ranges \
    msie_padding msie_refresh multi_accept open_file_cache* open_log_file_cache output_buffers \
    pcre_jit port_in_redirect postpone_output proxy_buffer_size proxy_buffers \
    proxy_busy_buffers_size proxy_headers_hash_bucket_size proxy_headers_hash_max_size \
    proxy_http_version proxy_socket_keepalive proxy_ssl_session_reuse \
    proxy_temp_file_write_size proxy_temp_path read_ahead recursive_error_pages \
    request_pool_size reset_timedout_connection rewrite_log scgi_* send_lowat sendfile* \
    server_name_in_redirect server_names_hash_bucket_size server_names_hash_max_size \
    server_tokens ssl_buffer_size ssl_dhparam ssl_ecdh_curve ssl_prefer_server_ciphers \
    ssl_session_cache ssl_session_timeout ssl_trusted_certificate \
    subrequest_output_buffer_size tcp_nodelay tcp_nopush thread_pool timer_resolution \
    types_hash_bucket_size types_hash_max_size use uninitialized_variable_warn uwsgi_* \
    variables_hash_bucket_size variables_hash_max_size worker_aio_requests worker_connections \
    worker_cpu_affinity worker_priority worker_rlimit_core working_directory zone \
    brotli_buffers brotli_window limit_req_log_level limit_conn_log_level proxy_ignore_headers \
    absolute_redirect proxy_headers_hash* satisfy_any stub_status gzip_comp_level \
    gzip_min_length gzip_types brotli_comp_level brotli_min_length brotli_types \
    limit_req_status limit_req_dry_run index root \
";

const OTHERS: &[Entry] = &[
    ("proxy_cache_* proxy_no_cache", None, "", ""),
    (
        "proxy_cache proxy_store* slice",
        Some(Lost),
        "the edge keeps no answers: every request goes to a server",
        "keep nginx, Varnish or a CDN for what has to be cached",
    ),
    (
        "sub_filter* addition_types add_before_body add_after_body ssi* xslt_* image_filter*",
        Some(Lost),
        "the edge does not change content",
        "have the application do it",
    ),
    (
        "*_by_lua* lua_* js_* perl* modsecurity* auth_jwt* auth_digest*",
        Some(Lost),
        "the edge runs no programs and no such modules",
        "what decides about requests can be a service that `forward_auth` asks",
    ),
    (
        "geoip_* geoip2* geo split_clients userid*",
        Some(Lost),
        "there is no such variable in the edge",
        "`map` and `when` choose by headers, cookies and arguments",
    ),
    (
        "limit_conn limit_conn_zone limit_conn_status limit_conn_dry_run",
        Some(Lost),
        "requests under way are not limited for each location",
        "[client] max_connections_per_address limits the connections of an address",
    ),
    (
        "limit_rate limit_rate_after proxy_limit_rate",
        Some(Lost),
        "answers are not slowed down",
        "",
    ),
    (
        "mirror mirror_request_body",
        Some(Lost),
        "requests are not sent to a second server",
        "",
    ),
    (
        "autoindex* random_index",
        Some(Lost),
        "the edge lists no directories: without an index file they are 403",
        "",
    ),
    (
        "dav_* create_full_put_path min_delete_depth mp4* flv hls* f4f*",
        Some(Lost),
        "files are only read, and whole or by ranges",
        "",
    ),
    (
        "charset* override_charset source_charset",
        Some(Differs),
        "no charset is added to Content-Type",
        "have pages name theirs (<meta charset>), or set Content-Type in response_headers",
    ),
    (
        "types",
        Some(Differs),
        "the edge has media types of its own, the registered ones",
        "compare what is different here with what clients get",
    ),
    (
        "underscores_in_headers",
        Some(Lost),
        "request headers with an underscore in their name do not go on",
        "have clients use hyphens, which is what applications see as underscores anyway",
    ),
    (
        "merge_slashes",
        Some(Lost),
        "several slashes are always one when a route is chosen",
        "",
    ),
    (
        "proxy_cookie_path proxy_cookie_domain proxy_cookie_flags",
        Some(Lost),
        "cookies of servers go on as they are",
        "have the application set them as clients need them",
    ),
    (
        "\
         proxy_bind proxy_method proxy_set_body proxy_pass_request_headers proxy_pass_request_body \
         proxy_force_ranges \
         ",
        Some(Lost),
        "requests go to servers as clients made them",
        "",
    ),
    (
        "\
         proxy_ssl_ciphers proxy_ssl_protocols proxy_ssl_verify_depth proxy_ssl_conf_command \
         proxy_ssl_crl proxy_ssl_password_file \
         ",
        Some(Differs),
        "TLS to servers is 1.2 or 1.3 with the suites of the edge",
        "",
    ),
    (
        "ssl_stapling ssl_stapling_verify ssl_stapling_responder",
        Some(Differs),
        "nobody is asked for the status of certificates",
        "a file for each certificate can be shown: ocsp = \"...\" beside cert and key",
    ),
    (
        "ssl_early_data",
        Some(Differs),
        "requests are not taken before the handshake has ended",
        "",
    ),
    (
        "ssl_conf_command ssl_engine ssl_password_file ssl_verify_depth ssl_ocsp*",
        Some(Differs),
        "it is not taken over",
        "keys of certificates have to be without a password",
    ),
    (
        "ssl_session_ticket_key",
        Some(Differs),
        "keys of session tickets are made of a secret",
        "for the same on two nodes: tickets = { secret_file = \"...\" } in [listener.tls]",
    ),
    ("load_module", Some(Info), "the edge has no modules", ""),
    (
        "user",
        Some(Info),
        "the edge runs as who starts it",
        "User= of its systemd unit",
    ),
    (
        "worker_rlimit_nofile",
        Some(Info),
        "open files are limited from outside",
        "LimitNOFILE= of its systemd unit",
    ),
    (
        "quic* http3*",
        Some(Lost),
        "there is no HTTP/3; clients use HTTP/2",
        "",
    ),
    (
        "health_check match",
        Some(Lost),
        "probes are of the upstream: [upstream.NAME.health_check]",
        "",
    ),
    (
        "check_keepalive_requests check_shm_size check_status",
        Some(Info),
        "not needed",
        "",
    ),
    (
        "more_set_headers more_clear_headers more_set_input_headers",
        Some(Lost),
        "it is of a module",
        "response_headers and request_headers, with set, add and remove",
    ),
    (
        "gunzip*",
        Some(Differs),
        "what servers compress stays compressed",
        "",
    ),
    (
        "proxy_ssl_certificate_cache ssl_certificate_cache error_log",
        Some(Info),
        "not needed",
        "",
    ),
    (
        "access_log",
        Some(Info),
        "there is another one inside, which holds",
        "",
    ),
    (
        "location",
        Some(Info),
        "no request comes here: what stands before it answers all",
        "",
    ),
    ("post_action if set", Some(Lost), "it is not taken over", ""),
];

/// Says what there is to say about each directive of a block that nobody has looked at.
pub(crate) fn sweep(block: &[Directive], notes: &Notes) {
    for directive in block.iter().filter(|one| !notes.is_seen(one)) {
        notes.seen(directive);
        let fits = |names: &str| {
            names
                .split_whitespace()
                .any(|name| is(name, &directive.name))
        };
        let entry = OTHERS.iter().find(|(names, ..)| fits(names));
        if let Some((_, severity, message, help)) = entry {
            if let Some(severity) = severity.filter(|_| !says_nothing(directive)) {
                notes.note(severity, directive, message, help);
            }
        } else if fits(KNOWN) {
            notes.info(directive, "it has no effect where it stands", "");
        } else if !fits(NOTHING_TO_DO) {
            notes.lost(directive, "the edge knows no such directive", "");
        }
    }
}

/// Whether a switch is as it is without being touched.
fn says_nothing(directive: &Directive) -> bool {
    let is_on = "merge_slashes proxy_pass_request_headers proxy_pass_request_body";
    let is_on = is_on.split_whitespace().any(|name| name == directive.name);
    directive.words == [if is_on { "on" } else { "off" }]
}

/// Directives that are taken over where they have an effect.
const KNOWN: &str = "\
    add_header alias allow auth_basic auth_basic_user_file auth_request auth_request_set \
    brotli brotli_static client_body_timeout client_header_timeout client_max_body_size deny \
    error_page expires grpc_connect_timeout grpc_read_timeout grpc_send_timeout \
    grpc_set_header gzip gzip_static http2 internal keepalive_requests keepalive_time \
    keepalive_timeout limit_req limit_req_zone lingering_time lingering_timeout log_format map \
    pid proxy_buffering proxy_connect_timeout proxy_hide_header proxy_ignore_client_abort \
    proxy_intercept_errors proxy_max_temp_file_size proxy_next_upstream \
    proxy_next_upstream_timeout proxy_next_upstream_tries proxy_pass proxy_pass_header \
    proxy_read_timeout proxy_redirect proxy_request_buffering proxy_send_timeout \
    proxy_set_header proxy_ssl_certificate proxy_ssl_certificate_key proxy_ssl_name \
    proxy_ssl_server_name proxy_ssl_trusted_certificate proxy_ssl_verify real_ip_header \
    real_ip_recursive resolver resolver_timeout return rewrite satisfy send_timeout server \
    server_name set_real_ip_from ssl_certificate ssl_certificate_key ssl_ciphers \
    ssl_client_certificate ssl_crl ssl_protocols ssl_reject_handshake ssl_session_tickets \
    ssl_stapling_file ssl_verify_client try_files upstream worker_processes \
    worker_shutdown_timeout \
";

fn is(pattern: &str, name: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(rest), _) => name.contains(rest.trim_end_matches('*')),
        (None, Some(start)) => name.starts_with(start),
        (None, None) => pattern == name,
    }
}
