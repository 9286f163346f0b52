#!/bin/sh
# Start nginx met deploy/nginx.conf; alleen de naam, het adres van de webserver en het logboek worden ingevuld.
set -eu
target=${1:-/etc/nginx/conf.d/default.conf}
resolver=$(sed -n 's/^nameserver //p' /etc/resolv.conf | head -n 1)
# nginx wil een adres van IPv6 tussen haken.
case $resolver in *:*) resolver="[$resolver]" ;; esac
{
    # Elk verzoek vraagt waar web nu is: een container die opnieuw start, kan een ander adres krijgen.
    echo "resolver $resolver valid=5s ipv6=off;"
    sed -e "s/meldpunt\.example\.nl/$NAAM/g" \
        -e 's#^\( *\)proxy_pass http://stopintimidatie;#\1set $webserver web:6543;\n\1proxy_pass http://$webserver;#' \
        -e 's#^error_log .*#error_log stderr emerg;#' \
        /etc/nginx/stopintimidatie.conf
} > "$target"
exec nginx -g 'daemon off;'
