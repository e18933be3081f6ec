"""The towns the demo tests are given."""

from __future__ import annotations

from matchmaker.demo.places import Town

# Real communes, rounded coordinates and populations: enough towns to be near or far from one another.
TOWNS = tuple(
    Town(code, name, tuple(postcodes.split()), people, lon, lat, departement)
    for code, name, postcodes, people, lon, lat, departement in (
        ("44109", "Nantes", "44000 44100 44200 44300", 325000, -1.55, 47.23, "44"),
        ("44184", "Saint-Nazaire", "44600", 72000, -2.25, 47.28, "44"),
        ("44143", "Rezé", "44400", 43000, -1.55, 47.18, "44"),
        ("44036", "Châteaubriant", "44110", 12000, -1.38, 47.72, "44"),
        ("44003", "Ancenis-Saint-Géréon", "44150", 11000, -1.18, 47.37, "44"),
        ("49007", "Angers", "49000 49100", 157000, -0.56, 47.48, "49"),
        ("49099", "Cholet", "49300", 54000, -0.88, 47.06, "49"),
        ("49328", "Saumur", "49400", 26000, -0.08, 47.26, "49"),
        ("49331", "Segré-en-Anjou Bleu", "49500", 18000, -0.87, 47.69, "49"),
        ("85191", "La Roche-sur-Yon", "85000", 56000, -1.43, 46.67, "85"),
        ("85109", "Les Herbiers", "85500", 16000, -1.01, 46.87, "85"),
        ("85194", "Les Sables-d'Olonne", "85100 85180", 48000, -1.78, 46.5, "85"),
        ("85092", "Fontenay-le-Comte", "85200", 14000, -0.81, 46.47, "85"),
        ("35238", "Rennes", "35000 35200 35700", 227000, -1.68, 48.11, "35"),
        ("35115", "Fougères", "35300", 20000, -1.2, 48.35, "35"),
        ("35360", "Vitré", "35500", 19000, -1.21, 48.12, "35"),
        ("35288", "Saint-Malo", "35400", 47000, -2.0, 48.64, "35"),
        ("35236", "Redon", "35600", 9000, -2.08, 47.65, "35"),
        ("53130", "Laval", "53000", 50000, -0.77, 48.07, "53"),
        ("53147", "Mayenne", "53100", 13000, -0.62, 48.3, "53"),
        ("53062", "Château-Gontier-sur-Mayenne", "53200", 17000, -0.7, 47.83, "53"),
        ("97411", "Saint-Denis", "97400 97490", 154000, 55.45, -20.88, "974"),
        ("97415", "Saint-Paul", "97460 97434", 104000, 55.27, -21.01, "974"),
        ("97416", "Saint-Pierre", "97410 97432", 85000, 55.48, -21.33, "974"),
    )
)
