# SPDX-License-Identifier: MIT
# curl, a client alone: it asks for a page, which our server's steps are.
package curl;
use strict;
use warnings;
use OpenSSL;
use Process;

sub new
{
	my ($class, %self) = @_;
	my $version = Process::output('curl', '--version');

	$self{version} = $version =~ /^curl (\S+).*? (OpenSSL\/\S+)/ ? "curl $1, $2" : undef;
	$self{version} =~ tr{/}{ } if defined $self{version};
	$self{help} = Process::output('curl', '--help', 'all');
	return bless \%self, $class;
}

sub lacks
{
	my ($self, $role, $dim, $value) = @_;
	my %option = (alpn => 'alpn', ticket => 'no-sessionid', 'client-cert' => 'cert', 'hello-retry' => 'curves',
		'session-id' => 'no-sessionid', 'update-peer' => 'key-update', 'update-peer-request' => 'key-update',
		'record-size-limit' => 'record-size-limit');

	return $self->{help} !~ /--tlsv$value\b/ if $dim eq 'version';
	return $self->{help} !~ /--\Q$option{$value}\E\b/ if $dim eq 'feature' && defined $option{$value};
	# It is libssl that has them.
	$self->{openssl} //= OpenSSL->new(pki => $self->{pki});
	return $dim ne 'feature' && $self->{openssl}->lacks($role, $dim, $value);
}

sub restricts { 1 }

sub client
{
	my ($self, $case, $port) = @_;
	my $url = "https://$case->{server_name}:$port/";
	my @options = ('--silent', '--show-error', '--verbose', '--http1.1', '--cacert', "$self->{pki}/root.pem",
		"--tlsv$case->{version}", '--tls-max', $case->{version}, '--curves', join(':', @{ $case->{peer_groups} }),
		'--resolve', "$case->{server_name}:$port:127.0.0.1");

	push @options, $case->{version} eq '1.3' ? '--tls13-ciphers' : '--ciphers', OpenSSL::suite($case)
	    if $case->{peer_cipher} || $case->{cipher} =~ /CCM/;
	push @options, '--no-alpn' if $case->{feature} ne 'alpn';
	push @options, '--cert', "$self->{pki}/$case->{client}.chain.pem", '--key', "$self->{pki}/$case->{certificate}.key"
	    if defined $case->{client};
	return { commands => [ [ 'curl', @options, ($url) x $case->{connections} ] ], alone => 1 };
}

# It sets SSL_OP_NO_TICKET: tickets are TLS 1.3's, IDs TLS 1.2's.
sub impossible
{
	my ($self, $role, $dim, $value, $other, $with) = @_;

	return $dim eq 'version' && $value eq '1.2' && $other eq 'feature' && $with eq 'ticket';
}

sub notes { 'curl takes no ticket in TLS 1.2: it sets SSL_OP_NO_TICKET.' }

my $head = 'await=\r\n\r\n,text=HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n';

sub steps
{
	my ($self, $case) = @_;
	my $bytes = $case->{feature} eq 'large' ? 4 << 20 : 1600;
	my $update = $case->{feature} =~ /^update-ours(-request)?$/ ? ',update' . ($1 // '') : '';

	return "$head$update,send=$bytes$update,send=1600";
}

sub complaint
{
	my ($self, $role, $case, $text) = @_;
	my $suite = OpenSSL::suite($case);
	my $bytes = ($case->{feature} eq 'large' ? 4 << 20 : 1600) + 1600;
	my $got = join '', $text =~ /^(\d{15}\n)/mg;

	return "no $suite in its output\n" if $text !~ /SSL connection using TLSv$case->{version} \/ $suite/;
	return "not the bytes that were sent\n" if $got ne Process::pattern(0, $bytes) x $case->{connections};
	return '';
}

1;
