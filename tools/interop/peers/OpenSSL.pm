# SPDX-License-Identifier: MIT
# openssl s_client and s_server: standard input and output are the connection's.
package OpenSSL;
use strict;
use warnings;
use Process;

my %suites12 = ('AES-128-GCM' => 'AES128-GCM-SHA256', 'AES-256-GCM' => 'AES256-GCM-SHA384',
	'CHACHA20-POLY1305' => 'CHACHA20-POLY1305');
my %suites13 = ('AES-128-GCM' => 'TLS_AES_128_GCM_SHA256', 'AES-256-GCM' => 'TLS_AES_256_GCM_SHA384',
	'CHACHA20-POLY1305' => 'TLS_CHACHA20_POLY1305_SHA256', 'AES-128-CCM' => 'TLS_AES_128_CCM_SHA256');

# What libssl calls a suite: the certificate's key is in the name of a TLS 1.2 one.
sub suite
{
	my ($case) = @_;

	return $suites13{ $case->{cipher} } if $case->{version} eq '1.3';
	return 'ECDHE-' . ($case->{certificate} =~ /^RSA/ ? 'RSA' : 'ECDSA') . "-$suites12{ $case->{cipher} }";
}

sub new
{
	my ($class, %self) = @_;

	$self{version} = Process::output('openssl', 'version') =~ /^(OpenSSL \S+)/ ? $1 : undef;
	$self{help} = { map { $_ => Process::output('openssl', $_ eq 'client' ? 's_client' : 's_server', '-help') }
	    'client', 'server' };
	return bless \%self, $class;
}

sub lacks
{
	my ($self, $role, $dim, $value) = @_;
	my %option = ('hello-retry' => 'groups', alpn => 'alpn', sni => 'servername', ticket => 'no_ticket',
		'session-id' => 'no_ticket', 'record-size-limit' => 'record_size_limit');

	if ($dim eq 'version') {
		(my $option = "-tls$value") =~ s/\./_/;
		return $self->{help}{$role} !~ /^ $option /m;
	} elsif ($dim eq 'cipher') {
		my $known = Process::output('openssl', 'ciphers', '-s', '-tls1_3', '-ciphersuites', $suites13{$value});

		return $known !~ /\b$suites13{$value}\b/;
	} elsif ($dim eq 'group') {
		my @key = $value eq 'X25519' ? ('X25519') : ('EC', '-pkeyopt', "ec_paramgen_curve:$value");

		return !Process::succeeds('openssl', 'genpkey', '-algorithm', @key);
	} elsif ($dim eq 'certificate') {
		return !Process::succeeds('openssl', 'x509', '-noout', '-pubkey', '-in', "$self->{pki}/server-$value.pem");
	}
	return defined $option{$value} && $self->{help}{$role} !~ /^ -$option{$value}\b/m;
}

sub restricts { 1 }

sub _common
{
	my ($case) = @_;
	my @options = $case->{version} eq '1.3' ? '-tls1_3' : '-tls1_2';

	push @options, $case->{version} eq '1.3' ? '-ciphersuites' : '-cipher',
	    $case->{peer_cipher} ? suite($case) : $case->{version} eq '1.3' ? join(':', sort values %suites13) : 'ALL';
	push @options, '-groups', join ':', @{ $case->{peer_groups} };
	push @options, '-alpn', join ',', @{ $case->{peer_alpn} } if $case->{peer_alpn};
	push @options, '-no_ticket' if $case->{feature} eq 'session-id';
	return @options;
}

sub server
{
	my ($self, $case, $port) = @_;
	my $pki = $self->{pki};
	my @options = _common($case);

	push @options, '-cert', "$pki/$case->{identity}.pem", '-cert_chain', "$pki/$case->{identity}.chain.pem",
	    '-key', "$pki/$case->{certificate}.key";
	if ($case->{feature} eq 'sni') {
		# This one's chain is made of what is trusted.
		push @options, '-servername', $case->{server_name}, '-cert2', "$pki/$case->{shown}.pem",
		    '-key2', "$pki/$case->{certificate}.key", '-CAfile', "$pki/authorities.pem";
	}
	push @options, $case->{client_auth} eq 'require' ? '-Verify' : '-verify', 3, '-verify_return_error',
	    '-CAfile', "$pki/root.pem" if $case->{client_auth};
	my $command = $case->{feature} =~ /^update-peer(-request)?/ ? $1 ? "K\n" : "k\n" : '';
	return {
		command => [ 'openssl', 's_server', '-accept', "127.0.0.1:$port", @options ],
		# It prints what it receives and sends what it reads: so we are its echo.
		heard => sub {
			my ($process) = @_;
			my $lines = $process->new_lines;

			return if $lines eq '';
			if ($command ne '') {
				$process->say_to($command);
				$command = '' if $process->{updates}++;
				# A command is the first letter of what one read gives.
				select undef, undef, undef, 0.2;
			}
			$process->say_to($lines);
		},
	};
}

sub client
{
	my ($self, $case, $port) = @_;
	my @options = (_common($case), '-CAfile', "$self->{pki}/root.pem", '-verify_return_error',
		'-servername', $case->{server_name}, '-verify_hostname', $case->{server_name});
	my $session = "$case->{tmp}/session";
	my @command = ('openssl', 's_client', '-connect', "127.0.0.1:$port", @options);

	push @command, '-cert', "$self->{pki}/$case->{client}.pem", '-key', "$self->{pki}/$case->{certificate}.key",
	    '-cert_chain', "$self->{pki}/$case->{client}.chain.pem" if defined $case->{client};
	return {
		commands => [ $case->{connections} == 1 ? \@command :
		    ([ @command, '-sess_out', $session ], [ @command, '-sess_in', $session ]) ],
		bye => "Q\n",
		between => $case->{feature} =~ /^update-peer(-request)?/ ? $1 ? "K\n" : "k\n" : undef,
		between_says => qr/KEYUPDATE/,
	};
}

# What it says of the connection.
sub complaint
{
	my ($self, $role, $case, $text) = @_;
	my $suite = suite($case);

	return "no $suite in its output\n" if $text !~ /\b$suite\b/;
	return "not resumed, says the peer\n" if $case->{connections} > 1 && $text !~ /^Reused|^---\nReused|Reused, /m;
	return '';
}

1;
