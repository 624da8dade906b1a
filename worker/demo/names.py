"""Invented names of people, drawn by a seed, from many of the countries that a hospital's staff comes from.

All letters are in Western European code pages, so that a piped demo is readable everywhere.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Collection
from itertools import product

_POOLS = (  # first names, last names
    (
        "Grace Daniel Ruth Samuel Joy Peter Faith Emmanuel",
        "Adebayo Okoro Eze Nwosu Balogun Afolabi Ojo Danjuma",
    ),
    (
        "Kofi Ama Kwame Abena Yaw Esi Kojo Efua",
        "Mensah Boateng Owusu Asante Appiah Darko Ofori Quaye",
    ),
    (
        "Ayesha Bilal Fatima Hamza Sana Imran Zainab Usman",
        "Malik Qureshi Siddiqui Butt Javed Chaudhry Mirza Raza",
    ),
    (
        "Priya Arjun Meera Rohan Anjali Vikram Kavya Suresh",
        "Menon Iyer Reddy Kulkarni Pillai Sharma Joshi Thomas",
    ),
    (
        "Maria Jose Angelica Rafael Cristina Paolo Liza Ramon",
        "Santos Reyes Bautista Villanueva Garcia Mendoza Cruz Lim",
    ),
    (
        "Agnieszka Piotr Magda Jakub Ewa Marek Kasia Adam",
        "Kowalska Nowak Wojcik Lewandowska Mazur Krawczyk Dudek Pawlak",
    ),
    (
        "Ioana Andrei Elena Mihai Raluca Stefan Alina Radu",
        "Popescu Dumitru Stan Marin Stoica Matei Lazar Moldovan",
    ),
    (
        "Inês João Rita Tiago Marta Duarte Sofia Nuno",
        "Moreira Carvalho Teixeira Barbosa Figueira Antunes Pires Fonseca",
    ),
    (
        "Sean Aoife Liam Niamh Conor Ciara Declan Orla",
        "Brennan Gallagher Doyle Kavanagh Nolan Keane Maguire Tierney",
    ),
    (
        "Emily Jack Charlotte Oliver Holly Thomas Lucy Harry",
        "Whitfield Ashworth Barlow Denby Hargreaves Ingham Sutcliffe Tolley",
    ),
    (
        "Rhys Carys Dylan Sian Owen Nerys Huw Mair",
        "Bevan Morgan Parry Vaughan Howells Prosser Meredith Gethin",
    ),
    (
        "Isla Fraser Ailsa Hamish Eilidh Angus Morag Rory",
        "Mackay Drummond Sinclair Buchan Galbraith Lennox Munro Kerr",
    ),
    (
        "Mei Wei Xin Jun Ling Hao Yan Bo",
        "Zhang Huang Zhou Wu Lin Guo Xu Tang",
    ),
    (
        "Hana Tarek Layla Karim Nadia Youssef Dalia Omar",
        "Mansour Khalil Farouk Nasser Saleh Hamdan Aziz Shaheen",
    ),
    (
        "Tendai Rudo Farai Chipo Tatenda Nyasha Tafara Rumbi",
        "Moyo Ncube Dube Sibanda Mutasa Chirwa Banda Phiri",
    ),
    (
        "Élodie Mathieu Aminata Youri Chloé Jérôme Awa Noé",
        "Lefèvre Diallo Marchand Traoré Girard Keita Roussel Sow",
    ),
)


class Names:
    """Gives out names, each once, in the order of the seed."""

    def __init__(self, rng: random.Random, taken: Collection[str]) -> None:
        pairs = (pair for firsts, lasts in _POOLS for pair in product(firsts.split(), lasts.split()))
        every = [" ".join(pair) for pair in pairs]
        free = [name for name in every if name not in set(taken)]
        rng.shuffle(free)
        self._free = iter(free)

    def next(self) -> str:
        """The next name; there are about a thousand."""
        return next(self._free)


def ascii_of(name: str) -> str:
    """A name in the form for accounts and addresses: `ines.moreira`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return ".".join(plain.casefold().split())
