# SPDX-License-Identifier: MIT
# gnutls-cli, by standard input and output, and gnutls-serv --echo.
package GnuTLS;
use strict;
use warnings;
use Process;

my %groups = (X25519 => 'GROUP-X25519', 'P-256' => 'GROUP-SECP256R1', 'P-384' => 'GROUP-SECP384R1',
	'P-521' => 'GROUP-SECP521R1');
my %signs = ('ECDSA-P-256' => 'SIGN-ECDSA-SECP256R1-SHA256', 'ECDSA-P-384' => 'SIGN-ECDSA-SECP384R1-SHA384',
	'ECDSA-P-521' => 'SIGN-ECDSA-SECP521R1-SHA512', Ed25519 => 'SIGN-EdDSA-Ed25519',
	RSA => 'SIGN-RSA-PSS-RSAE-SHA256', 'RSA-PSS' => 'SIGN-RSA-PSS-SHA256');

sub new
{
	my ($class, %self) = @_;

	$self{version} = Process::output('gnutls-cli', '--version') =~ /^gnutls-cli (\S+)/ ? "GnuTLS $1" : undef;
	$self{list} = Process::output('gnutls-cli', '-l');
	$self{help} = {
		client => Process::output('gnutls-cli', '--help'), server => Process::output('gnutls-serv', '--help'),
	};
	return bless \%self, $class;
}

sub lacks
{
	my ($self, $role, $dim, $value) = @_;
	my %option = (alpn => 'alpn', sni => 'sni-hostname', ticket => 'noticket', 'session-id' => 'noticket',
		'record-size-limit' => 'recordsize');

	return $self->{list} !~ /\bVERS-TLS$value\b/ if $dim eq 'version';
	return $self->{list} !~ /\b$groups{$value}\b/ if $dim eq 'group';
	return $self->{list} !~ /\b$signs{$value}\b/ if $dim eq 'certificate';
	if ($dim eq 'cipher') {
		(my $name = $value) =~ tr/-/_/;
		return $self->{list} !~ /^TLS_${name}_SHA/m;
	}
	if ($value =~ /^update-peer/) {
		# Its server has commands in what it is sent, and its client in what is typed: REHANDSHAKE, say.
		return $role eq 'server' || $self->{help}{client} !~ /inline-commands/;
	}
	return defined $option{$value} && $self->{help}{$role} !~ /--$option{$value}\b/;
}

sub restricts { 1 }

# Without another group than it sent a share for, it refuses a HelloRetryRequest (3.7.9,
# key_share_send_params()).
sub needs_group { 1 }

sub notes { 'Its client refuses a HelloRetryRequest that has a cookie alone: ours asks for another group too.' }

sub _priority
{
	my ($case) = @_;
	my @words = ('NONE', "+VERS-TLS$case->{version}", '+AEAD', '+SIGN-ALL', '+CTYPE-X509', '+ECDHE-ECDSA',
		'+ECDHE-RSA', map { "+$groups{$_}" } @{ $case->{peer_groups} });

	push @words, $case->{peer_cipher} ? "+$case->{cipher}" : '+CIPHER-ALL';
	return join ':', @words;
}

sub _common
{
	my ($case) = @_;

	return ('--priority', _priority($case), $case->{peer_alpn} ? map { ('--alpn', $_) } @{ $case->{peer_alpn} } : (),
	    $case->{feature} eq 'session-id' ? '--noticket' : (),
	    # gnutls-cli holds itself to it too: it sends one record of a line, and forgets the rest.
	    $case->{feature} eq 'record-size-limit' ? ('--recordsize', $case->{role} eq 'client' ? 1800 : 700) : ());
}

sub server
{
	my ($self, $case, $port) = @_;
	my @options = ('--port', $port, '--echo', _common($case));
	my @identities = $case->{feature} eq 'sni' ? map { "$_-$case->{certificate}" } qw(server exact) :
	    ($case->{identity});

	push @options, '--x509certfile', "$self->{pki}/$_.chain.pem", '--x509keyfile',
	    "$self->{pki}/$case->{certificate}.key" for @identities;
	push @options, '--x509cafile', "$self->{pki}/root.pem", '--verify-client-cert' if $case->{client_auth};
	push @options, !$case->{client_auth} ? '--disable-client-cert' :
	    $case->{client_auth} eq 'require' ? '--require-client-cert' : ();
	return { command => [ 'gnutls-serv', @options ] };
}

sub client
{
	my ($self, $case, $port) = @_;
	my @options = ('--port', $port, '--x509cafile', "$self->{pki}/root.pem", '--sni-hostname',
		$case->{server_name}, '--verify-hostname', $case->{server_name}, _common($case));

	push @options, '--single-key-share' if $case->{feature} =~ /^(hello-retry|cookie)$/;
	push @options, '--resume' if $case->{connections} > 1;
	push @options, '--waitresumption' if $case->{connections} > 1 && $case->{version} eq '1.3';
	push @options, '--inline-commands' if $case->{feature} =~ /^update-peer/;
	push @options, '--x509certfile', "$self->{pki}/$case->{client}.chain.pem", '--x509keyfile',
	    "$self->{pki}/$case->{certificate}.key" if defined $case->{client};
	return {
		commands => [ [ 'gnutls-cli', @options, '127.0.0.1' ] ],
		between => $case->{feature} =~ /^update-peer(-request)?/ ? $1 ? "^rekey^\n" : "^rekey1^\n" : undef,
		between_says => qr/Rekey was completed/,
	};
}

# What a TLS 1.2 client is told that has no certificate.
sub alert
{
	my ($self, $case) = @_;

	return $case->{version} eq '1.3' ? 'certificate_required' : 'decode_error';
}

my %ciphers = ('CHACHA20-POLY1305' => 'CHACHA20-POLY1305', map { $_ => $_ } qw(AES-128-GCM AES-256-GCM AES-128-CCM));

sub complaint
{
	my ($self, $role, $case, $text) = @_;

	return "no $case->{cipher} in its output\n" if $text !~ /Description:.*\Q($ciphers{ $case->{cipher} })\E/;
	return "not resumed, says the peer\n" if $case->{connections} > 1 && $text !~ /\*\*\* This is a resumed session/;
	return '';
}

1;
