#!/usr/bin/python3
"""Torrents by libtorrent (Debian's python3-libtorrent), for tests that compare Cicada's torrents with them.

  create FOLDER v1|v2|hybrid PIECE-LENGTH   paths inside the folder on stdin, NUL between them; the torrent on stdout
  read FILE...                              one line of JSON per torrent: what libtorrent reads in it
"""
import json
import os
import sys
import libtorrent as lt


def create(folder, version, piece_length):
    flags = {"v1": lt.create_torrent.v1_only, "v2": lt.create_torrent.v2_only, "hybrid": 0}[version]
    name = os.path.basename(folder)
    files = lt.file_storage()
    if os.path.isfile(folder):
        files.add_file(name, os.path.getsize(folder))
    else:
        for path in sys.stdin.read().split("\0"):
            files.add_file(os.path.join(name, path), os.path.getsize(os.path.join(folder, path)))
    torrent = lt.create_torrent(files, int(piece_length), flags=flags)
    lt.set_piece_hashes(torrent, os.path.dirname(folder))
    sys.stdout.buffer.write(lt.bencode(torrent.generate()))


def read(paths):
    for path in paths:
        info = lt.torrent_info(path)
        files = info.files()
        hashes = info.info_hashes()
        print(json.dumps({
            "name": info.name(),
            "v1": str(hashes.v1) if hashes.has_v1() else None,
            "v2": str(hashes.v2) if hashes.has_v2() else None,
            "pieceLength": info.piece_length(),
            "pieces": info.num_pieces(),
            "private": info.priv(),
            "trackers": [tracker.url for tracker in info.trackers()],
            "files": [[files.file_path(index), files.file_size(index)] for index in range(files.num_files())
                      if not files.file_flags(index) & lt.file_storage.flag_pad_file],
        }))


if sys.argv[1] == "create":
    create(*sys.argv[2:])
else:
    read(sys.argv[2:])
