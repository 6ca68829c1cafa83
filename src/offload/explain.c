/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <ktls/offload.h>

/* What makes the kernel able to: the template's module, and the first Linux whose TLS had it. */
static const struct {
	const char *module, *config;
	const char *since[2];		/* TLS 1.2, TLS 1.3; both directions */
} ciphers[KTLS_CIPHERS] = {
	[KTLS_AES_128_GCM] = { "gcm", "CONFIG_CRYPTO_GCM", { "4.17", "5.1" } },
	[KTLS_AES_256_GCM] = { "gcm", "CONFIG_CRYPTO_GCM", { "5.1", "5.1" } },
	[KTLS_AES_128_CCM] = { "ccm", "CONFIG_CRYPTO_CCM", { "5.2", "5.2" } },
	[KTLS_CHACHA20_POLY1305] = { "chacha20poly1305", "CONFIG_CRYPTO_CHACHA20POLY1305",
	    { "5.11", "5.11" } },
};

static bool
combination(uint16_t version, enum ktls_cipher cipher, enum ktls_dir dir)
{
	return (version == KTLS_TLS12 || version == KTLS_TLS13) &&
	    (unsigned)cipher < KTLS_CIPHERS && (unsigned)dir < KTLS_DIRS;
}

struct ktls_cap_answer
ktls_caps_cipher(const struct ktls_caps *caps, uint16_t version, enum ktls_cipher cipher,
    enum ktls_dir dir)
{
	if (!combination(version, cipher, dir))
		return (struct ktls_cap_answer){ KTLS_CAP_NO, -EINVAL };
	return caps->cipher[version == KTLS_TLS13][cipher][dir];
}

/* No module, and no right to have the kernel load it (CAP_NET_ADMIN), look the same. */
static void
explain_ulp(struct ktls_cap_answer a, char *buf, size_t len)
{
	if (a.cap == KTLS_CAP_NO)
		snprintf(buf, len, "this kernel has no TLS ULP: modprobe tls, "
		    "or a kernel with CONFIG_TLS");
	else if (a.err == 0)
		snprintf(buf, len, "not tried yet whether this kernel has a TLS ULP");
	else
		snprintf(buf, len, "it could not be tried whether this kernel has a TLS ULP: %s",
		    ktls_strerror(a.err));
}

static void
explain_cipher(struct ktls_cap_answer a, size_t v, enum ktls_cipher cipher, char *buf, size_t len)
{
	const char *name = ktls_cipher_name(cipher);

	if (a.cap == KTLS_CAP_UNKNOWN && a.err == 0)
		snprintf(buf, len, "not tried yet whether this kernel has %s", name);
	else if (a.cap == KTLS_CAP_UNKNOWN)
		snprintf(buf, len, "it could not be tried whether this kernel has %s: %s", name,
		    ktls_strerror(a.err));
	else if (a.err == -ENOENT)
		snprintf(buf, len, "this kernel has no %s: modprobe %s, or a kernel with %s", name,
		    ciphers[cipher].module, ciphers[cipher].config);
	else
		snprintf(buf, len, "this kernel's TLS 1.%zu has no %s: Linux %s or newer", v + 2,
		    name, ciphers[cipher].since[v]);
}

void
ktls_caps_explain(const struct ktls_caps *caps, uint16_t version, enum ktls_cipher cipher,
    enum ktls_dir dir, char *buf, size_t len)
{
	struct ktls_cap_answer a = ktls_caps_cipher(caps, version, cipher, dir);

	if (!combination(version, cipher, dir))
		snprintf(buf, len, "the kernel's TLS has no such version, cipher or direction");
	else if (a.cap == KTLS_CAP_YES)
		snprintf(buf, len, "%s", "");
	else if (caps->ulp.cap != KTLS_CAP_YES)
		explain_ulp(caps->ulp, buf, len);
	else
		explain_cipher(a, version == KTLS_TLS13, cipher, buf, len);
}
