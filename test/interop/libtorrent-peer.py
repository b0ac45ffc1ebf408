"""One libtorrent peer (Debian's python3-libtorrent), a real client for tests and benchmarks.

  libtorrent-peer.py seed|stay default|fast TORRENT|MAGNET FOLDER ADDRESS

`stay` checks the files in FOLDER, downloads the rest, prints "complete", and seeds until it is killed. `seed`
trusts that FOLDER is complete. Both print "announced" when the tracker has answered for the first time.
`fast` is libtorrent's preset for seed boxes, its fastest, with one hashing thread per core.
uTP, encryption, DHT, LSD, peer exchange and port mapping are off: peers come from the tracker, over TCP.
"""
import os
import signal
import sys
import time
import libtorrent as lt

mode, preset, torrent, folder, address = sys.argv[1:]
settings = lt.high_performance_seed() if preset == "fast" else lt.default_settings()
if preset == "fast":
    settings["hashing_threads"] = os.cpu_count()
settings.update({
    "listen_interfaces": f"{address}:0",
    "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
    "enable_outgoing_utp": False, "enable_incoming_utp": False,
    "out_enc_policy": lt.enc_policy.disabled, "in_enc_policy": lt.enc_policy.disabled,
    # On loopback all peers have one address.
    "allow_multiple_connections_per_ip": True,
    "alert_mask": lt.alert.category_t.tracker_notification,
})
session = lt.session(settings)
if torrent.startswith("magnet:"):
    params = lt.parse_magnet_uri(torrent)
else:
    params = lt.add_torrent_params()
    params.ti = lt.torrent_info(torrent)
params.save_path = folder
params.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
params.flags |= lt.torrent_flags.disable_pex
if mode == "seed":
    params.flags |= lt.torrent_flags.seed_mode
handle = session.add_torrent(params)

ended = []
signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
announced = complete = False
while not ended:
    if not announced and any(isinstance(alert, lt.tracker_reply_alert) for alert in session.pop_alerts()):
        announced = True
        print("announced", flush=True)
    if not complete and handle.status().is_seeding:
        complete = True
        print("complete", flush=True)
    time.sleep(0.01 if not (announced and complete) else 0.1)
# After these lines, the tracker has been told and the last blocks are on the disk.
session.pause()
handle.flush_cache()
del handle, session
