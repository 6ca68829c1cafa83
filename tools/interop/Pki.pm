# SPDX-License-Identifier: MIT
#
# The certificates: a root, an authority under it, and under that for each kind of key a
# server's, a client's, and two more for names that SNI chooses.
package Pki;
use strict;
use warnings;
use Process;

our %kinds = (
	'ECDSA-P-256' => [ 'EC', 'ec_paramgen_curve:P-256' ],
	'ECDSA-P-384' => [ 'EC', 'ec_paramgen_curve:P-384' ],
	'ECDSA-P-521' => [ 'EC', 'ec_paramgen_curve:P-521' ],
	'Ed25519' => [ 'ED25519' ],
	'RSA' => [ 'RSA', 'rsa_keygen_bits:2048' ],
	'RSA-PSS' => [ 'RSA-PSS', 'rsa_keygen_bits:2048' ],
);
our %names = (
	server => 'DNS:localhost,IP:127.0.0.1',
	client => 'DNS:client.interop.example',
	exact => 'DNS:www.interop.example',
	wildcard => 'DNS:*.interop.example',
);

sub openssl
{
	my $text = Process::output('openssl', @_);

	die "openssl @_:\n$text" if $? != 0;
}

sub key
{
	my ($file, $algorithm, @options) = @_;

	openssl('genpkey', '-algorithm', $algorithm, (map { ('-pkeyopt', $_) } @options), '-out', $file);
}

sub write_file
{
	my ($file, @text) = @_;

	open my $f, '>', $file or die "$file: $!\n";
	print $f @text or die "$file: $!\n";
	close $f or die "$file: $!\n";
}

sub read_file
{
	my ($file) = @_;

	open my $f, '<', $file or die "$file: $!\n";
	local $/;
	return <$f>;
}

sub certificate
{
	my ($dir, $name, $key, $subject, $issuer, @extensions) = @_;

	write_file("$dir/ext", map { "$_\n" } @extensions);
	openssl('req', '-new', '-key', $key, '-subj', "/CN=$subject", '-out', "$dir/csr");
	openssl('x509', '-req', '-in', "$dir/csr", '-days', 30, '-extfile', "$dir/ext", '-out', "$dir/$name.pem",
	    $issuer ? ('-CA', "$dir/$issuer.pem", '-CAkey', "$dir/$issuer.key", '-CAcreateserial')
	    : ('-signkey', $key));
}

# NAME.pem is the certificate, NAME.chain.pem the authority's too, KIND.key the key of all four.
sub make
{
	my ($dir) = @_;
	my @authority = ('basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign');

	key("$dir/$_.key", @{ $kinds{'ECDSA-P-256'} }) for 'root', 'authority';
	certificate($dir, 'root', "$dir/root.key", 'interop root', undef, @authority);
	certificate($dir, 'authority', "$dir/authority.key", 'interop authority', 'root', @authority);
	write_file("$dir/authorities.pem", map { read_file("$dir/$_.pem") } 'authority', 'root');
	for my $kind (sort keys %kinds) {
		key("$dir/$kind.key", @{ $kinds{$kind} });
		# NSS wants of every RSA key in a server's certificate that it may encipher too.
		my $usage = 'digitalSignature' . ($kind eq 'RSA' ? ',keyEncipherment' : '');
		for my $use (sort keys %names) {
			my $name = "$use-$kind";

			certificate($dir, $name, "$dir/$kind.key", $name, 'authority',
			    'basicConstraints=critical,CA:FALSE', "keyUsage=critical,$usage",
			    'extendedKeyUsage=' . ($use eq 'client' ? 'clientAuth' : 'serverAuth'),
			    "subjectAltName=$names{$use}");
			write_file("$dir/$name.chain.pem", read_file("$dir/$name.pem"),
			    read_file("$dir/authority.pem"));
		}
	}
}

1;
