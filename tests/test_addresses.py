"""What the server calls for others: what is public, and nothing around it."""

import socket

import pytest

from parlor import addresses
from parlor.errors import WebhookInvalid

PUBLIC = ["93.184.215.14", "8.8.8.8", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::808:808"]
NOT_PUBLIC = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.8",
    "192.168.1.1",
    "198.18.0.1",
    "203.0.113.7",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::127.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a00:1::",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]


@pytest.fixture
def hosts(monkeypatch):
    """`hosts["name"] = [addresses]`: what each question after that name is answered with."""
    known, asked = {}, []

    def answer(host, port, **_):
        asked.append(host)
        found = known.get(host)
        if not found:
            raise socket.gaierror("not known")
        return [(None, None, None, "", (ip, port)) for ip in found]

    monkeypatch.setattr(addresses.socket, "getaddrinfo", answer)
    return known


@pytest.mark.parametrize("ip", PUBLIC)
def test_what_is_public_is_called(hosts, ip):
    hosts["hook.example"] = [ip]
    found = addresses.find("https://hook.example/in?x=1")
    assert found == ("https", "hook.example", 443, "/in?x=1", ip)


@pytest.mark.parametrize("ip", NOT_PUBLIC)
def test_what_is_not_public_is_not_called(hosts, ip):
    hosts["hook.example"] = [ip]
    with pytest.raises(WebhookInvalid):
        addresses.find("https://hook.example/")
    assert addresses.find("https://hook.example/", anywhere=True).ip == ip


@pytest.mark.parametrize("ip", NOT_PUBLIC)
def test_one_address_that_is_not_public_among_others_is_enough(hosts, ip):
    hosts["hook.example"] = [PUBLIC[0], ip]
    with pytest.raises(WebhookInvalid):
        addresses.find("https://hook.example/")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "hook.example",
        "//hook.example/",
        "ftp://hook.example/",
        "ftp://hook.example:8000/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://",
        "http:///path",
        "http://alice@hook.example/",
        "http://alice:secret@hook.example/",
        "http://hook.example@127.0.0.1/",
        "http://hook.example:0/",
        "http://hook.example:99999/",
        "http://hook.example:port/",
        "http://hook.example/a b",
        "http://hook.example/\r\nX-More: 1",
        "http://hook.example/é",
        "http://[::1/",
        "https://hook.example/" + "x" * 500,
    ],
)
def test_what_is_no_address_is_refused(hosts, address):
    hosts["hook.example"] = PUBLIC
    with pytest.raises(WebhookInvalid):
        addresses.find(address, anywhere=True)


@pytest.mark.parametrize("port", [22, 25, 3306, 5432, 6379, 7999, 9000, 11211])
def test_other_services_are_not_called(hosts, port):
    hosts["hook.example"] = PUBLIC
    with pytest.raises(WebhookInvalid):
        addresses.find(f"http://hook.example:{port}/")
    assert addresses.find(f"http://hook.example:{port}/", anywhere=True).port == port


def test_a_name_that_nobody_knows_is_refused(hosts):
    with pytest.raises(WebhookInvalid):
        addresses.find("https://nowhere.example/")


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "127.1", "[::1]", "0"])
def test_loopback_is_refused_however_it_is_written(host):
    with pytest.raises(WebhookInvalid):
        addresses.find(f"http://{host}/")
