#!/usr/bin/env python3
"""Writes a CSV of made-up people for an import: always the same for the same arguments.

  make_people_csv.py [COUNT] [--bad] [--tags] [--wide BYTES]
                                default 10000 good rows; --bad puts three bad rows among them; --tags adds the columns
                                tags, customer_class, fan_score and attributes.city; --wide a column "note" of so many bytes

Columns as in protos/lanting/membership/v1/member_import.proto. The people are nobody: nicknames are put together from
the small parts below, about two thirds of them Chinese.
"""
import csv
import pathlib
import random
import re
import signal
import sys

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧"
GIVEN = ["子涵", "晓雨", "建国", "雅琴", "梓轩", "思源", "静怡", "志强", "若曦", "一诺", "浩然", "婉清", "海燕", "书瑶", "俊杰", "小满"]
LIKES = ["爱喝茶的", "早睡早起的", "不吃香菜的", "会弹琴的", "跑半马的", "在读书的", "熬夜写稿的", "江南来的", "养多肉的", "慢半拍的", "想去敦煌的", "周末爬山的"]
THINGS = ["小鹿", "橘猫", "云朵", "土豆", "柚子", "麦子", "青竹", "白鹭", "石榴", "年糕", "山雀", "星星"]
CITIES = ["上海", "北京", "杭州", "成都", "广州", "深圳", "武汉", "西安", "南京", "苏州", "长沙", "厦门"]
TRADES = ["设计", "教育", "电商", "出版", "医疗", "餐饮", "摄影", "财务", "人力", "研发", "法务", "文旅"]
FIRST = ["Maya", "Leo", "Priya", "Tom", "Aisha", "Lucas", "Nora", "Kenji", "Sofia", "Daniel", "Grace", "Omar", "Ivy", "Marta"]
LAST = ["Chen", "Walker", "Rossi", "Novak", "Tanaka", "Okafor", "Silva", "Brown", "Larsen", "Dubois", "Khan", "Schmidt"]
WORDS = ["quiet", "running", "lucky", "midnight", "paper", "salty", "green", "early", "curious", "northern"]
NOUNS = ["panda", "otter", "lantern", "teapot", "comet", "fern", "heron", "ferry", "pixel", "acorn"]
EXPECTATIONS = ["", "", "", "认识同行", "每周读完一本书", "学会做笔记", "想找人一起打卡", "听嘉宾分享", "to read more", "meet people in my field"]
CHANNELS = ["wecom"] * 6 + ["wechat"] * 2 + ["telegram"]
TAGS = ["读书", "写作", "跑步", "绘画", "摄影", "茶", "亲子", "AI", "设计", "coffee"]
CLASSES = ["", "", "potential", "ordinary", "ordinary", "ordinary", "expert", "bulk"]
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"


def nickname(rng):
    kind = rng.randrange(6)
    if kind == 0:
        return rng.choice(SURNAMES) + rng.choice(GIVEN)
    if kind == 1:
        return rng.choice(LIKES) + rng.choice(THINGS)
    if kind == 2:
        return "-".join((rng.choice(CITIES), rng.choice(THINGS), rng.choice(TRADES)))
    if kind == 3:
        return rng.choice("阿小老") + rng.choice(SURNAMES + "杰敏强娟") + rng.choice(["", "同学", "🌿", "在路上", str(rng.randrange(80, 100))])
    if kind == 4:
        return f"{rng.choice(FIRST)} {rng.choice(LAST)}"
    return f"{rng.choice(WORDS)}_{rng.choice(NOUNS)}{rng.randrange(1000)}"


def person(rng, number):
    channel = rng.choice(CHANNELS)
    if channel == "telegram":
        user_id = str(100_000_000 + number * 7919)
    else:
        user_id = "wm" + "".join(rng.choices(ALPHABET, k=24)) + format(number, "06d")
    return [nickname(rng), f"crm-{number:06d}", channel, user_id, rng.choice(EXPECTATIONS)]


def known_of(rng):
    return [";".join(rng.sample(TAGS, rng.randrange(4))), rng.choice(CLASSES), rng.choice(["", str(rng.randrange(101))]), rng.choice(CITIES)]


def rows(count, bad=False):
    """Header, then `count` people; with `bad`, three more rows that cannot be imported, spread over the file."""
    rng = random.Random(353)
    people = [person(rng, n + 1) for n in range(count)]
    if bad:
        account = people[0][2:4]
        people.insert(count // 8, ["", "crm-bad-1", "wecom", "wmNicknameMissing", ""])
        people.insert(count // 2, ["陈一诺", "crm-bad-2", "pigeon", "no-such-channel", ""])
        people.insert(count * 7 // 8, ["王晓雨", "crm-bad-3", *account, "same account as the first row"])
    return [["display_name", "external_id", "channel", "user_id", "expectation"], *people]


def with_more(rows, tags, wide):
    """The rows with the columns that were asked for, one at a time."""
    rng = random.Random(354)
    for number, row in enumerate(rows):
        if tags:
            row = row + (["tags", "customer_class", "fan_score", "attributes.city"] if number == 0 else known_of(rng))
        if wide:
            row = row + ["note" if number == 0 else "n" * wide]
        yield row


def main():
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` is no error
    if sys.argv[1:] in (["--help"], ["-h"]):
        print(__doc__.strip())
        return
    counts = [a for a in sys.argv[1:] if a not in ("--bad", "--tags")]
    wide = 0
    if len(counts) >= 2 and counts[-2] == "--wide" and counts[-1].isdigit():
        wide = int(counts[-1])
        counts = counts[:-2]
    # Account and external ids have six digits for the number of the person.
    if len(counts) > 1 or not all(re.fullmatch(r"[1-9][0-9]{0,5}", a) for a in counts):
        sys.exit(f"usage: {pathlib.Path(sys.argv[0]).name} [COUNT] [--bad] [--tags] [--wide BYTES], COUNT from 1 to 999999")
    count = int(counts[0]) if counts else 10_000
    people = rows(count, "--bad" in sys.argv)
    csv.writer(sys.stdout, lineterminator="\n").writerows(with_more(people, "--tags" in sys.argv, wide))


if __name__ == "__main__":
    main()
