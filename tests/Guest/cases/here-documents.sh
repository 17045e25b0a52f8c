# Here-documents: with and without expansion, with tabs taken away, larger than a pipe holds.
# timeout: 30
# expect: a b 3
# expect: $x `y` $((z))
# expect: indented
# expect: 131072
x=b
cat <<END
a $x $((1 + 2))
END
cat <<'END'
$x `y` $((z))
END
cat <<-END
	indented
	END
big=$(head -c 131071 /dev/zero | tr '\0' x)
wc -c <<END
$big
END
