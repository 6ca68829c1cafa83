# SPDX-License-Identifier: MIT
# For tools/check/conformance: what came of the tests, as TAP. Reads the exclusions, the names of
# all tests, the shim's reasons and the runner's output; all=1: each test must be accounted for.

function group(title, regex)
{
	titles[++groups] = title
	regexes[groups] = regex
}

# By what a test's name has: the first that matches.
function group_of(name, i)
{
	for (i = 1; name !~ regexes[i]; i++)
		;
	return i
}

BEGIN {
	group("HelloRetryRequest", "HelloRetryRequest|HRR|Second(Client|Server)Hello")
	group("early data", "EarlyData")
	group("versions", "Version|Downgrade|SSL3|SCSV|JDK11|GREASE")
	group("key exchange", "Curve|KeyShare|ECDH|X25519|Kyber")
	group("ALPN and server_name", "ALPN|ServerName")
	group("certificates and signatures", "Cert|Sign|Verif|ECDSA|KeyUsage|Ed25519|ServerAuth|ClientAuth")
	group("KeyUpdate and shutdown", "KeyUpdate|Shutdown|TrafficSecrets")
	group("alerts", "Alert")
	group("HTTP and garbage", "Http|Garbage|V2Client|BadPackets")
	group("messages: form and order",
	    "Message|Trailing|Partial|Handshake|Fragment|Packed|Finished|HelloRequest|Unexpected")
	group("records and ciphers", "AEAD|CHACHA|AES|Record|text|Padding|ChangeCipherSpec|AppData|Cipher")
	group("extensions and the rest", "")
}

function regex_of(glob)
{
	gsub(/[.+(){}^$|]/, "\\\\&", glob)
	gsub(/\*/, ".*", glob)
	return "^" glob "$"
}

FILENAME == ARGV[1] {
	globs[++patterns] = $1
	reason_of_pattern[patterns] = $2
	regex[patterns] = regex_of($1)
}

FILENAME == ARGV[2] {
	names[++total] = $0
	for (i = 1; i <= patterns; i++)
		if ($0 ~ regex[i]) {
			hits[i]++
			if (!($0 in why))
				why[$0] = reason_of_pattern[i]
		}
}

FILENAME == ARGV[3] {
	count[$0]++
	told++
}

FILENAME == ARGV[4] && /^(PASSED|FAILED|UNIMPLEMENTED) \(/ {
	name = $0
	sub(/^[A-Z]* \(/, "", name)
	sub(/\)$/, "", name)
	outcome[name] = $1 ~ /^PASSED/ ? "passed" : $1 ~ /^FAILED/ ? "failed" : "unimplemented"
	sums[outcome[name]]++
	n[group_of(name), outcome[name]]++
	next
}
FILENAME == ARGV[4] && outcome[name] == "failed" && NF { said[name] = said[name] "#   " $0 "\n" }
FILENAME == ARGV[4] && !(name in outcome) { complaint = complaint "# " $0 "\n" }

function not_ok(text)
{
	print "not ok - " text
	bad = 1
}

# What an exclusion says; what belongs to the RFC names a test of our own.
function check_pattern(i, reason, file, line)
{
	reason = reason_of_pattern[i]
	if (!hits[i])
		not_ok("conformance.json: " globs[i] " excludes nothing")
	if (reason !~ /^(no such feature|refused by design|issue to come|issue 3|the RFC says otherwise): ./)
		not_ok("conformance.json: " globs[i] ": \"" reason "\" is no reason")
	if (reason !~ /^the RFC/)
		return
	otherwise++
	file = reason
	sub(/.*; /, "", file)
	if ((getline line <file) <= 0)
		not_ok("conformance.json: " globs[i] ": there is no test " file)
	close(file)
}

function check_all(i, reason)
{
	for (i = 1; i <= patterns; i++)
		check_pattern(i)
	if (otherwise > 20)
		not_ok("conformance.json: the RFC says otherwise " otherwise " times: 20 at most")
	if (told != sums["unimplemented"])
		not_ok("the shim says why of " told + 0 " tests that it can't run, not of " sums["unimplemented"])
	for (i = 1; i <= total; i++) {
		if (!(names[i] in outcome) && !(names[i] in why))
			not_ok(names[i] ": neither run nor excluded")
		if (names[i] in why) {
			reason = why[names[i]]
			sub(/; .*/, "", reason)
			count[reason]++
			not_run++
		}
	}
	for (reason in count)
		print "ok - " count[reason] " tests # SKIP " reason | "sort -t# -k2"
	close("sort -t# -k2")
}

END {
	for (i = 1; i <= groups; i++) {
		if (n[i, "passed"])
			print "ok - " titles[i] ": " n[i, "passed"] " tests"
		for (name in outcome)
			if (outcome[name] == "failed" && group_of(name) == i) {
				not_ok(name)
				printf "%s", said[name]
			}
	}
	if (all)
		check_all()
	if (!sums["passed"] || (all && complaint != "")) {
		not_ok("the runner did its work")
		printf "%s", complaint
	}
	printf "# %d passed, %d failed, %d not run\n", sums["passed"], sums["failed"],
	    sums["unimplemented"] + not_run
	exit bad
}
