/* SPDX-License-Identifier: MIT */
#include <string.h>
#include "handshake/hs12_resumption.h"
#include "handshake/hs12_server_hello.h"
#include "handshake/server_hello.h"

static void
decode_extension(struct server_hello12 *sh, struct extensions *x, uint16_t type)
{
	struct reader *r = x->r;

	switch (type) {
	case EXT_SERVER_NAME:			break;		/* empty, as the next two */
	case EXT_EXTENDED_MASTER_SECRET:	break;
	case EXT_SESSION_TICKET:		break;
	case EXT_ALPN:				sh->alpn = extension_read_protocol(r); break;
	case EXT_RECORD_SIZE_LIMIT:		sh->record_size_limit = rd_u16(r); break;
	case EXT_RENEGOTIATION_INFO:		sh->renegotiated_connection = rd_vec(r, 1); break;
	case EXT_EC_POINT_FORMATS:
		if ((sh->point_formats = rd_vec(r, 1)).len == 0)
			r->bad = true;
		break;
	default:				extensions_skip(x);
	}
}

static int
decode_extensions(struct server_hello12 *sh, struct reader *r, uint32_t offered)
{
	struct extensions x;
	uint16_t type;

	extensions_open(&x, r, IN_SH12, offered);
	while (extensions_next(&x, &type))
		decode_extension(sh, &x, type);
	sh->seen = x.seen;
	return extensions_close(&x);
}

int
server_hello12_decode(struct server_hello12 *sh, struct slice body, uint32_t offered)
{
	struct reader r = rd_init(body);
	int err;

	*sh = (struct server_hello12){ .version = rd_u16(&r) };
	sh->random = rd_bytes(&r, RANDOM_LEN);
	sh->session_id = rd_vec(&r, 1);
	sh->suite = rd_u16(&r);
	sh->compression = rd_u8(&r);
	if (sh->session_id.len > SESSION_ID_MAX)
		r.bad = true;
	/* Of an older version, its extensions are not ours to judge. */
	if (!r.bad && sh->version != KTLS_TLS12)
		return 0;
	if (rd_more(&r) && (err = decode_extensions(sh, &r, offered)) != 0)
		return err;
	return rd_done(&r) ? 0 : KTLS_REFUSED(KTLS_R_MALFORMED);
}

static int
check_version(struct ktls_hs *hs, const struct server_hello12 *sh)
{
	if (sh->version <= 0x0300)
		return fail_refuse(hs, KTLS_R_CH_SSL3, "version is %#06x (RFC 8446 D.5)",
		    sh->version);
	if (sh->version != KTLS_TLS12)
		return fail_refuse(hs, KTLS_R_SH_VERSION,
		    "the server chose version %#06x, we speak TLS 1.2 at least (RFC 8446 D.1)",
		    sh->version);
	if (hs->cfg->version_max > KTLS_TLS12 && server_hello_is_downgrade(sh->random))
		return KTLS_REFUSED(KTLS_R_SH_DOWNGRADE);
	return 0;
}

static int
check_suite(struct ktls_hs *hs, uint16_t id, const struct suite **suite)
{
	*suite = suite_find(id, KTLS_TLS12);
	for (size_t i = 0; *suite != NULL && i < hs->cfg->cipher_count; i++)
		if (hs->cfg->ciphers[i] == (*suite)->cipher)
			return 0;
	return fail_refuse(hs, KTLS_R_SH_CIPHER,
	    "the server chose cipher suite %#06x, which we did not offer for TLS 1.2 "
	    "(RFC 5246 7.4.1.3)", id);
}

/* RFC 5746 3.4, and RFC 9325 3.5 for a server that lacks it. */
static int
check_renegotiation(const struct server_hello12 *sh)
{
	if (!(sh->seen & extension_bit(EXT_RENEGOTIATION_INFO)))
		return KTLS_REFUSED(KTLS_R_SH_NO_RENEGOTIATION);
	return sh->renegotiated_connection.len == 0 ? 0 : KTLS_REFUSED(KTLS_R_SH_RENEGOTIATION);
}

static int
check_extensions(const struct ktls_hs *hs, const struct server_hello12 *sh, const char **alpn)
{
	int err;

	if ((err = check_renegotiation(sh)) != 0)
		return err;
	if ((sh->seen & extension_bit(EXT_EC_POINT_FORMATS)) &&
	    memchr(sh->point_formats.p, POINT_UNCOMPRESSED, sh->point_formats.len) == NULL)
		return KTLS_REFUSED(KTLS_R_SH_POINT_FORMATS);
	if ((sh->seen & extension_bit(EXT_RECORD_SIZE_LIMIT)) &&
	    sh->record_size_limit < RECORD_LIMIT_MIN)
		return KTLS_REFUSED(KTLS_R_RECORD_LIMIT);
	*alpn = NULL;
	if ((sh->seen & extension_bit(EXT_ALPN)) &&
	    (*alpn = config_alpn(hs->cfg, sh->alpn)) == NULL)
		return KTLS_REFUSED(KTLS_R_EE_ALPN_NOT_OFFERED);
	return 0;
}

/* Whether it echoes our session id: that resumes. */
static bool
is_resumption(const struct ktls_hs *hs, const struct server_hello12 *sh)
{
	return sh->session_id.len != 0 && sh->session_id.len == hs->session_id_len &&
	    memcmp(sh->session_id.p, hs->session_id, hs->session_id_len) == 0;
}

/* What is resumed is what was: RFC 5246 7.4.1.3, RFC 7627 5.3. */
static int
check_resumption(const struct ktls_hs *hs, const struct server_hello12 *sh)
{
	const bool ems = (sh->seen & extension_bit(EXT_EXTENDED_MASTER_SECRET)) != 0;

	if (!hs12_session_offered(hs))
		return KTLS_REFUSED(KTLS_R_SH_RESUMED_NOTHING);
	if (sh->suite != hs->resume.session.suite)
		return KTLS_REFUSED(KTLS_R_SH_RESUMED_SUITE);
	if (ems == hs->resume.session.ems)
		return 0;
	return ems ? KTLS_REFUSED(KTLS_R_SH_RESUMED_EMS) : KTLS_REFUSED(KTLS_R_SH_RESUMED_NO_EMS);
}

static int
check(struct ktls_hs *hs, const struct server_hello12 *sh, const struct suite **suite,
    const char **alpn)
{
	int err;

	if ((err = check_version(hs, sh)) != 0)
		return err;
	if (hs->in.ccs_dropped) {
		hs->at = MT_CHANGE_CIPHER_SPEC;
		return KTLS_REFUSED(KTLS_R_CCS_UNEXPECTED);
	}
	if ((err = check_suite(hs, sh->suite, suite)) != 0 ||
	    (is_resumption(hs, sh) && (err = check_resumption(hs, sh)) != 0))
		return err;
	if (sh->compression != 0)
		return KTLS_REFUSED(KTLS_R_SH_COMPRESSION);
	return check_extensions(hs, sh, alpn);
}

/* RFC 8449 4: TLS 1.2 counts no content type. */
static void
commit_limits(struct ktls_hs *hs, const struct server_hello12 *sh)
{
	if (!(sh->seen & extension_bit(EXT_RECORD_SIZE_LIMIT)))
		return;
	hs->peer_limit = sh->record_size_limit;
	hs->our_limit = hs->cfg->record_size_limit;
}

/* What follows: the server shows who it is, or, resuming, gives a new ticket, or is Finished. */
static void
commit_full(struct ktls_hs *hs, const struct server_hello12 *sh)
{
	resumption_drop(hs);
	if (sh->session_id.len != 0)
		memcpy(hs->session_id, sh->session_id.p, sh->session_id.len);
	hs->session_id_len = sh->session_id.len;
	/* Who may be asked for a certificate signs all messages from the first one on. */
	if (hs->cfg->identity_count != 0)
		transcript_keep(&hs->transcript);
	hs->window = false;		/* until our Finished */
	hs->state = ST12_WAIT_CERT;
}

/* WAIT_SH -> WAIT_CERT; WAIT_NST or WAIT_CCS, where it resumes */
int
hs12_server_hello_recv(struct ktls_hs *hs, struct slice body)
{
	struct server_hello12 sh;
	const struct suite *suite;
	const char *alpn;
	int err;

	if ((err = server_hello12_decode(&sh, body, hs->offered)) != 0 ||
	    (err = check(hs, &sh, &suite, &alpn)) != 0 ||
	    (is_resumption(hs, &sh) && (err = resumption_accept(hs)) != 0))
		return err;

	/* Nothing below can fail: the connection changes here or not at all. */
	memcpy(hs->server_random, sh.random.p, RANDOM_LEN);
	EVP_PKEY_free(hs->share_key);
	hs->share_key = NULL;
	hs->group = 0;
	hs->suite = suite;
	hs->alpn = alpn;
	hs->version = KTLS_TLS12;
	hs->compat = false;
	hs->ems = (sh.seen & extension_bit(EXT_EXTENDED_MASTER_SECRET)) != 0;
	hs->ticket_due = (sh.seen & extension_bit(EXT_SESSION_TICKET)) != 0;
	commit_limits(hs, &sh);
	if (hs->resume.resumed)
		hs->state = hs->ticket_due ? ST12_WAIT_NST : ST12_WAIT_CCS;
	else
		commit_full(hs, &sh);
	return 0;
}

static void
encode_extensions(struct writer *w, const struct server_hello12 *sh)
{
	uint8_t *exts = wr_open(w, 2), *ext;

	if (sh->seen & extension_bit(EXT_RENEGOTIATION_INFO)) {
		ext = extension_write(w, EXT_RENEGOTIATION_INFO);
		wr_vec(w, 1, sh->renegotiated_connection);
		wr_close(w, ext);
	}
	if (sh->seen & extension_bit(EXT_SERVER_NAME))
		wr_close(w, extension_write(w, EXT_SERVER_NAME));
	if (sh->seen & extension_bit(EXT_EC_POINT_FORMATS)) {
		ext = extension_write(w, EXT_EC_POINT_FORMATS);
		wr_vec(w, 1, sh->point_formats);
		wr_close(w, ext);
	}
	if (sh->seen & extension_bit(EXT_EXTENDED_MASTER_SECRET))
		wr_close(w, extension_write(w, EXT_EXTENDED_MASTER_SECRET));
	if (sh->seen & extension_bit(EXT_SESSION_TICKET))
		wr_close(w, extension_write(w, EXT_SESSION_TICKET));
	if (sh->seen & extension_bit(EXT_ALPN))
		extension_write_protocol(w, sh->alpn);
	if (sh->seen & extension_bit(EXT_RECORD_SIZE_LIMIT)) {
		ext = extension_write(w, EXT_RECORD_SIZE_LIMIT);
		wr_u16(w, sh->record_size_limit);
		wr_close(w, ext);
	}
	wr_close(w, exts);
}

void
server_hello12_encode(struct writer *w, const struct server_hello12 *sh)
{
	wr_u16(w, sh->version);
	wr_slice(w, sh->random);
	wr_vec(w, 1, sh->session_id);
	wr_u16(w, sh->suite);
	wr_u8(w, sh->compression);
	/* To a hello without extensions, there are none in the answer: RFC 5246 7.4.1.4. */
	if (sh->seen != 0)
		encode_extensions(w, sh);
}

/* RFC 8446 4.1.3: a server that could have chosen TLS 1.3 says so in its random. */
static int
make_random(struct ktls_hs *hs)
{
	struct {
		uint8_t server[RANDOM_LEN], session_id[SESSION_ID_MAX];
	} r;
	int err;

	if ((err = crypto_random(hs->crypto, &r, sizeof(r))) != 0)
		return err;
	if (hs->cfg->version_max > KTLS_TLS12)
		memcpy(r.server + RANDOM_LEN - SENTINEL_LEN, server_hello_sentinel, SENTINEL_LEN);
	memcpy(hs->server_random, r.server, RANDOM_LEN);
	if (!hs->resume.resumed && hs->session_id_len != 0)
		memcpy(hs->session_id, r.session_id, SESSION_ID_MAX);
	return 0;
}

/* Its share, signed; or, resuming, the keys, which need no more than the randoms. */
static int
make_keys(struct ktls_hs *hs)
{
	if (hs->resume.resumed)
		return hs12_keys_resume(hs);
	return group_offer(hs->crypto, hs->group, &hs->share_key, hs->share, &hs->share_len);
}

static void
encode(struct writer *w, const struct ktls_hs *hs)
{
	static const uint8_t uncompressed[] = { POINT_UNCOMPRESSED };
	struct server_hello12 sh = {
		.version = KTLS_TLS12, .random = { hs->server_random, RANDOM_LEN },
		.session_id = { hs->session_id, hs->session_id_len }, .suite = hs->suite->id,
		.seen = hs->answer, .point_formats = { uncompressed, sizeof(uncompressed) },
		.record_size_limit = hs->our_limit,
	};

	if (hs->alpn != NULL) {
		sh.alpn = (struct slice){ (const uint8_t *)hs->alpn, strlen(hs->alpn) };
		sh.seen |= extension_bit(EXT_ALPN);
	}
	if (hs->ticket_due)
		sh.seen |= extension_bit(EXT_SESSION_TICKET);
	server_hello12_encode(w, &sh);
}

/* Resuming, a new ticket comes first, where the old one is old. */
static int
after_resumption(struct ktls_hs *hs, enum hs_state *next)
{
	const struct slice none = { NULL, 0 };
	int err;

	*next = ST12_SEND_CCS;
	if (!hs->ticket_due)
		return 0;
	if ((err = hs12_session_make(hs, none, false, resumption_lifetime(hs))) != 0)
		return err;
	*next = ST12_SEND_NST;
	if (hs->resume.encoded != NULL) {
		hs->questions.due = KTLS_ASK_TICKET_SEAL;
		*next = ST12_WAIT_SEALED;
	}
	return 0;
}

/* SEND_SH -> SEND_CERT; WAIT_SEALED, SEND_NST or SEND_CCS, where it resumes */
int
hs12_server_hello_send(struct ktls_hs *hs, struct writer *w)
{
	enum hs_state next = ST12_SEND_CERT;
	int err;

	hs->version = KTLS_TLS12;
	if ((err = make_random(hs)) != 0 || (err = make_keys(hs)) != 0 ||
	    (hs->resume.resumed && (err = after_resumption(hs, &next)) != 0))
		return err;
	encode(w, hs);
	hs->state = next;
	return 0;
}
