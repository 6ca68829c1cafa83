# SPDX-License-Identifier: MIT
#
# What came of it: kept for each peer in a file of its own, until it is tried again; and the
# page that has all of them.
package Table;
use strict;
use warnings;
use File::Path qw(make_path);
use JSON::PP;
use POSIX qw(strftime);
use Pki;

my %words = (
	'plain' => 'nothing else', 'large' => '4 MiB each way', 'alpn' => 'ALPN',
	'sni' => 'SNI, several identities', 'hello-retry' => 'HelloRetryRequest',
	'cookie' => 'HelloRetryRequest with a cookie', 'ticket' => 'resumption, ticket',
	'session-id' => 'resumption, session ID', 'client-cert' => 'client certificate, required and shown',
	'client-cert-none' => 'client certificate, wanted and missing',
	'client-cert-missing' => 'client certificate, required and missing: refused',
	'update-ours' => 'KeyUpdate from us', 'update-ours-request' => 'KeyUpdate from us, asking for one',
	'update-peer' => 'KeyUpdate from it', 'update-peer-request' => 'KeyUpdate from it, asking for one',
	'record-size-limit' => 'record_size_limit', 'padding' => 'padded records from us',
);
my $head = <<'END';
# Interoperability

Written by tools/interop/run (`make interop`; `make interop FULL=1`), not by hand.

Our side is `ktls_peer`, with the public API alone. Each connection has one version, cipher, key
exchange group, kind of certificate (leaf and intermediate, shown by the server; a client's is of the
same kind) and one feature; bytes go both ways, and both sides' word on what was agreed is compared
with what had to be. In half of them the peer leaves us no choice of cipher and group, in the others
we leave it none. What a peer lacks it was asked for (its lists, its help, its loading of a key).

A cell is passed/tried, of all connections that have the row's value. In the first table of a
peer every two values that can meet do so (all-pairs); "every combination" is what it says.

END

sub save
{
	my ($dir, $mode, $peers, $results, $dimensions) = @_;

	make_path($dir);
	my %by_name;
	push @{ $by_name{ $_->{name} }{roles} }, $_ for @$peers;
	push @{ $by_name{ $_->{name} }{results} }, $_ for @$results;
	for my $name (keys %by_name) {
		my %all = (%{ $by_name{$name} }, name => $name, date => strftime('%Y-%m-%d', gmtime),
			dimensions => $dimensions);

		Pki::write_file("$dir/$name.$mode.json", JSON::PP->new->canonical->pretty->encode(\%all));
	}
}

sub _cell
{
	my ($all, $role, $dim, $value) = @_;
	my ($of) = grep { $_->{role} eq $role } @{ $all->{roles} };

	return 'it has none' if !$of;
	return 'peer lacks it' if grep { $_ eq $value } @{ $of->{lacks}{$dim} };
	my @tried = grep { $_->{role} eq $role && $_->{$dim} eq $value } @{ $all->{results} };
	my $passed = grep { $_->{why} eq '' } @tried;

	return '-' if !@tried;
	return $passed == @tried ? "$passed/" . @tried : "**$passed**/" . @tried;
}

sub _table
{
	my ($all) = @_;
	my @lines = ('| | its server, our client | its client, our server |', '|---|---|---|');

	for (@{ $all->{dimensions} }) {
		my ($dim, @values) = @$_;

		next if $dim eq 'chooser';
		for my $value (@values) {
			my $label = $dim eq 'version' ? "TLS $value" : $dim eq 'certificate' ? "certificate $value" :
			    $dim eq 'feature' ? $words{$value} : $value;

			push @lines, "| $label | " . join(' | ', map { _cell($all, $_, $dim, $value) } 'server', 'client') . ' |';
		}
	}
	return join '', map { "$_\n" } @lines;
}

sub _failures
{
	my ($all) = @_;
	my @bad = grep { $_->{why} ne '' } @{ $all->{results} };
	my @lines = map { my ($first) = split /\n/, $_->{why};
	    "- TLS $_->{version}, $_->{cipher}, $_->{group}, $_->{certificate}, $words{ $_->{feature} }, its $_->{role}: $first" } @bad;

	@lines = (@lines[0 .. 19], '- and ' . (@bad - 20) . ' more') if @lines > 20;
	return @lines ? "\nFailed:\n\n" . join('', map { "$_\n" } @lines) : '';
}

sub _count
{
	my ($all) = @_;
	my $passed = grep { $_->{why} eq '' } @{ $all->{results} };

	return scalar(@{ $all->{results} }) . " connections tried, $passed as they had to be ($all->{date})";
}

sub _load
{
	my ($file) = @_;

	return -e $file ? decode_json(Pki::read_file($file)) : undef;
}

sub write
{
	my ($file, $dir, @names) = @_;
	my $text = $head;

	for my $name (@names) {
		my ($pairs, $full) = map { _load("$dir/$name.$_.json") } 'pairs', 'full';

		next if !$pairs && !$full;
		$text .= '## ' . ($pairs // $full)->{roles}[0]{version} . "\n\n";
		$text .= "$_\n\n" for ($pairs // $full)->{roles}[0]{notes} // ();
		$text .= 'All pairs: ' . _count($pairs) . ".\n\n" . _table($pairs) . _failures($pairs) . "\n" if $pairs;
		$text .= 'Every combination: ' . _count($full) . ".\n\n" . _table($full) . _failures($full) . "\n" if $full;
	}
	chomp $text;
	Pki::write_file($file, $text);
}

1;
